internal import Foundation

/// A proof as it is handed on: checked with nothing else at hand but a verifier key. docs/journal-format.md describes it.
public enum ProofDocument: Sendable, Hashable {
  case inclusion(InclusionDocument)
  case consistency(ConsistencyDocument)

  /// What checking it found.
  public struct Check: Sendable, Hashable {
    /// Why it proves nothing; nil when it holds.
    public let defect: String?
    /// Who of the given keys signed for the journal that it is about.
    public let signers: [VerifierKey]
    /// The names of others who say they signed.
    public let otherSigners: [String]
  }

  /// Reads a document; nil when it isn't one of these.
  public init?(_ json: JSON) {
    if let document = try? json.decode(InclusionDocument.self), document.isOfItsKind {
      self = .inclusion(document)
    } else if let document = try? json.decode(ConsistencyDocument.self), document.isOfItsKind {
      self = .consistency(document)
    } else {
      return nil
    }
  }

  public func check(with keys: [VerifierKey]) -> Check {
    switch self {
    case .inclusion(let document): document.check(with: keys)
    case .consistency(let document): document.check(with: keys)
    }
  }
}

/// That an entry is in a journal.
public struct InclusionDocument: Sendable, Hashable, Codable {
  public static let kind = "lifeboat.inclusion-proof"

  public let kind: String
  public let version: Int
  /// The entry's canonical JSON, byte for byte.
  public let entry: String
  public let index: Int
  public let size: Int
  public let path: [Digest]
  public let root: Digest
  /// The signed note for that size; nil when none was signed.
  public let checkpoint: String?

  public init(entry: String, proof: InclusionProof, root: Digest, checkpoint: SignedCheckpoint?) {
    kind = Self.kind
    version = 1
    self.entry = entry
    index = proof.index
    size = proof.size
    path = proof.path
    self.root = root
    self.checkpoint = checkpoint?.text
  }

  fileprivate var isOfItsKind: Bool { kind == Self.kind && version == 1 }

  fileprivate func check(with keys: [VerifierKey]) -> ProofDocument.Check {
    let proof = InclusionProof(index: index, size: size, path: path)
    let signatures = HeadSignatures(checkpoint, TreeHead(size: size, root: root), keys)
    let defect: String? =
      if proof.root(over: Merkle.leafHash(entry.utf8)) != root {
        "the entry and the path don't give the root"
      } else if (try? Entry(canonical: Data(entry.utf8)))?.index != index {
        "the text is no entry of place \(index)"
      } else {
        signatures.defect
      }
    return ProofDocument.Check(
      defect: defect, signers: signatures.signers, otherSigners: signatures.others)
  }
}

/// That a journal only grew.
public struct ConsistencyDocument: Sendable, Hashable, Codable {
  public static let kind = "lifeboat.consistency-proof"

  public let kind: String
  public let version: Int
  public let from: Int
  public let to: Int
  public let path: [Digest]
  public let fromRoot: Digest
  public let toRoot: Digest
  /// The signed notes for the sizes; nil where none was signed.
  public let fromCheckpoint: String?
  public let toCheckpoint: String?

  public init(
    proof: ConsistencyProof, fromRoot: Digest, toRoot: Digest,
    fromCheckpoint: SignedCheckpoint?, toCheckpoint: SignedCheckpoint?
  ) {
    kind = Self.kind
    version = 1
    from = proof.from
    to = proof.to
    path = proof.path
    self.fromRoot = fromRoot
    self.toRoot = toRoot
    self.fromCheckpoint = fromCheckpoint?.text
    self.toCheckpoint = toCheckpoint?.text
  }

  enum CodingKeys: String, CodingKey {
    case kind, version, from, to, path
    case fromRoot = "from_root"
    case toRoot = "to_root"
    case fromCheckpoint = "from_checkpoint"
    case toCheckpoint = "to_checkpoint"
  }

  fileprivate var isOfItsKind: Bool { kind == Self.kind && version == 1 }

  fileprivate func check(with keys: [VerifierKey]) -> ProofDocument.Check {
    let proof = ConsistencyProof(from: from, to: to, path: path)
    let old = HeadSignatures(fromCheckpoint, TreeHead(size: from, root: fromRoot), keys)
    let new = HeadSignatures(toCheckpoint, TreeHead(size: to, root: toRoot), keys)
    let isConnected = proof.connects(fromRoot, to: toRoot)
    return ProofDocument.Check(
      defect: isConnected
        ? old.defect ?? new.defect : "the first \(from) entries are not the beginning of the \(to)",
      signers: old.signers.filter(new.signers.contains),
      otherSigners: new.others)
  }
}

/// Who signed for a head.
private struct HeadSignatures {
  private(set) var signers: [VerifierKey] = []
  private(set) var others: [String] = []
  private(set) var defect: String?

  init(_ note: String?, _ head: TreeHead, _ keys: [VerifierKey]) {
    guard let note else { return }
    guard let checkpoint = SignedCheckpoint(note), checkpoint.head == head else {
      defect = "the checkpoint isn't one of \(head.size) entries with this root"
      return
    }
    do {
      signers = try checkpoint.note.signers(among: keys)
        .filter { $0.name == checkpoint.checkpoint.origin }
    } catch {
      defect = "a signature bears the name of \(error.name), and isn't by its key"
    }
    if signers.isEmpty { others = checkpoint.note.signatures.map(\.name) }
  }
}

extension Journal {
  /// That an entry is in it: in what was signed for last, when that holds the entry, else in all there is.
  public func document(
    provingEntry index: Int, checkpoints: [SignedCheckpoint]
  ) async throws -> InclusionDocument {
    let present = try await head().size
    let signed = checkpoints.last { $0.head.size > index && $0.head.size <= present }
    let proof = try await proveInclusion(of: index, in: signed?.head.size)
    guard let stored = try await store.page(from: index, matching: .all).first else {
      throw JournalError.damaged("entry \(index) is missing", path: path)
    }
    return InclusionDocument(
      entry: String(decoding: stored.bytes, as: UTF8.self), proof: proof,
      root: try await head(of: proof.size).root,
      checkpoint: signed)
  }

  /// That its first `from` entries are the beginning of its first `to`, by default all of them.
  public func document(
    provingGrowthFrom from: Int, to: Int?, checkpoints: [SignedCheckpoint]
  ) async throws -> ConsistencyDocument {
    let proof = try await proveConsistency(from: from, to: to)
    return ConsistencyDocument(
      proof: proof, fromRoot: try await head(of: proof.from).root,
      toRoot: try await head(of: proof.to).root,
      fromCheckpoint: checkpoints.last { $0.head.size == proof.from },
      toCheckpoint: checkpoints.last { $0.head.size == proof.to })
  }
}
