// Calls of Linux and glibc that Swift cannot import by itself: variadic functions, macros, and
// global variables that Swift's concurrency checking refuses.
#pragma once
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <string.h>
#include <unistd.h>

/// glibc's, which its header hides from programs that don't ask for GNU's extensions.
void *memmem(const void *haystack, size_t haystack_size, const void *needle, size_t needle_size);

static inline FILE *platform_standard_output(void) { return stdout; }
static inline FILE *platform_standard_error(void) { return stderr; }

/// The calling process gets `signal` when its parent dies. 0 or -1 with errno.
static inline int platform_die_with_parent(int signal) {
  return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

/// Ends the calling process at once, as a power cut would: no handlers, no flushing.
static inline void platform_power_cut(void) { kill(getpid(), SIGKILL); }

/// How many columns the terminal at `descriptor` has; 0 when it is none.
static inline int platform_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// sched.h shows these only to programs that ask for GNU's extensions.
int unshare(int flags);
int setns(int descriptor, int flags);
#define PLATFORM_NEW_MOUNTS 0x00020000
#define PLATFORM_NEW_USER 0x10000000
#define PLATFORM_NEW_NETWORK 0x40000000

/// Makes the mount at `path` read-only, with all below it if `recursively`; or lets it be written to again. 0 or -1 with errno.
static inline int platform_set_read_only(const char *path, int recursively, int read_only) {
  // mount_setattr(2): struct mount_attr, MOUNT_ATTR_RDONLY and AT_RECURSIVE. Its header can't stand beside glibc's.
  struct { unsigned long long set, clear, propagation, user_namespace; } attributes = {0};
  if (read_only)
    attributes.set = 1;
  else
    attributes.clear = 1;
  return (int)syscall(SYS_mount_setattr, -1, path, recursively ? 0x8000 : 0, &attributes,
                      sizeof attributes);
}

/// A descriptor of the process `pid`. -1 with errno.
static inline int platform_open_process(int pid) {
  return (int)syscall(SYS_pidfd_open, pid, 0);
}
