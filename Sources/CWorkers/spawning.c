#define _GNU_SOURCE
#include "nct_workers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

static int prepare(posix_spawn_file_actions_t *actions, int socket) {
    int status = posix_spawn_file_actions_adddup2(actions, socket, STDIN_FILENO);
    for (int descriptor = STDOUT_FILENO; descriptor <= STDERR_FILENO && status == 0; descriptor++)
        status = posix_spawn_file_actions_addopen(actions, descriptor, "/dev/null", O_WRONLY, 0);
    return status == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1) : status;
}

// Signals as a program expects them: none ignored, none blocked.
static int set_signals(posix_spawnattr_t *attributes) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int status = posix_spawnattr_setsigdefault(attributes, &all);
    return status == 0 ? posix_spawnattr_setsigmask(attributes, &none) : status;
}

static int spawn(
    const char *program, char *const arguments[], char *const environment[], int input, int with_signals,
    pid_t *child) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0) return status;
    status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        status = prepare(&actions, input);
        short flags = POSIX_SPAWN_SETPGROUP;
        if (with_signals) flags |= POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        if (status == 0) status = posix_spawnattr_setflags(&attributes, flags);
        if (status == 0 && with_signals) status = set_signals(&attributes);
        if (status == 0) status = posix_spawn(child, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

int nct_spawn(const char *program, char *const arguments[], char *const environment[], int socket, pid_t *child) {
    return spawn(program, arguments, environment, socket, 0, child);
}

int nct_spawn_command(
    const char *program, char *const arguments[], char *const environment[], int input, pid_t *child) {
    return spawn(program, arguments, environment, input, 1, child);
}

int nct_memory_file(const void *bytes, size_t count) {
    int file = memfd_create("nctd", MFD_CLOEXEC);
    if (file < 0) return -1;
    const char *rest = bytes;
    while (count > 0) {
        ssize_t written = write(file, rest, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            int error = errno;
            close(file);
            errno = error;
            return -1;
        }
        rest += written;
        count -= (size_t)written;
    }
    lseek(file, 0, SEEK_SET);
    return file;
}
