// Checks a Lifeboat proof by Go's golang.org/x/mod/sumdb, the implementation that signed notes and transparency-log proofs
// were taken from.
//
//	check_proof PROOF.json VERIFIER-KEY
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proof struct {
	Kind           string
	Entry          string
	Index, Size    int64
	From, To       int64
	Path           []string
	Root           string
	FromRoot       string `json:"from_root"`
	ToRoot         string `json:"to_root"`
	Checkpoint     string
	ToCheckpoint   string `json:"to_checkpoint"`
	FromCheckpoint string `json:"from_checkpoint"`
}

func main() {
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("accepted")
}

func check(file, key string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var p proof
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	var path []tlog.Hash
	for _, digest := range p.Path {
		hash, err := parse(digest)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	if p.Kind == "lifeboat.inclusion-proof" {
		root, err := signed(p.Checkpoint, p.Size, verifier)
		if err != nil {
			return err
		}
		return tlog.CheckRecord(path, p.Size, root, p.Index, tlog.RecordHash([]byte(p.Entry)))
	}
	root, err := signed(p.ToCheckpoint, p.To, verifier)
	if err != nil {
		return err
	}
	old, err := signed(p.FromCheckpoint, p.From, verifier)
	if err != nil {
		return err
	}
	return tlog.CheckTree(path, p.To, root, p.From, old)
}

// The root that a checkpoint of this size was signed for.
func signed(text string, size int64, verifier note.Verifier) (tlog.Hash, error) {
	var root tlog.Hash
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return root, err
	}
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() || lines[1] != strconv.FormatInt(size, 10) {
		return root, fmt.Errorf("another checkpoint: %q", opened.Text)
	}
	bytes, err := base64.StdEncoding.DecodeString(lines[2])
	copy(root[:], bytes)
	return root, err
}

func parse(digest string) (tlog.Hash, error) {
	var hash tlog.Hash
	bytes, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
	copy(hash[:], bytes)
	return hash, err
}
