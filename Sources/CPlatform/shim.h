// Calls of Linux and glibc that Swift cannot import by itself: variadic functions, macros, and
// global variables that Swift's concurrency checking refuses.
#pragma once
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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
