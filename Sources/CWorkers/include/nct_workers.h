// What a worker process needs of the system that Swift cannot ask for: descriptors that go through a socket, and the end
// of most system calls.
#ifndef NCT_WORKERS_H
#define NCT_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// Sends up to `count` bytes, with a descriptor unless it is negative. Returns how many went, or -1 with errno; EPIPE, not
/// a signal, where nobody reads. Where there is no room it waits, or fails with EAGAIN.
ssize_t nct_send(int socket, const void *bytes, size_t count, int descriptor, bool waits);

/// Receives up to `count` bytes, 0 at the end. A descriptor that came with them is the caller's, closed on exec; -1
/// otherwise. Returns -1 with errno.
ssize_t nct_receive(int socket, void *bytes, size_t count, int *descriptor);

/// Starts a program whose standard input is the socket, whose output goes nowhere, and that has nothing else open, in a
/// group of its own: what a terminal sends to this one is not for it. Returns 0, or the system's error number.
int nct_spawn(const char *program, char *const arguments[], char *const environment[], int socket, pid_t *child);

/// The same for a command of the configuration's: its standard input is a file, and no signal is ignored or blocked.
int nct_spawn_command(
    const char *program, char *const arguments[], char *const environment[], int input, pid_t *child);

/// A file that is in memory alone, with so many bytes, to be read from its beginning. Returns its descriptor, or -1 with
/// errno.
int nct_memory_file(const void *bytes, size_t count);

/// Lets the kernel kill this process when the thread that started it ends. Returns 0, or errno.
int nct_die_with_parent(void);

/// From here on this process has the system calls that computing takes, and reading and writing of what is open: all
/// others fail with EPERM. Returns 0, or errno.
int nct_confine(void);

#endif
