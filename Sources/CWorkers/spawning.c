#define _GNU_SOURCE
#include "nct_workers.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

static int prepare(posix_spawn_file_actions_t *actions, int socket) {
    int status = posix_spawn_file_actions_adddup2(actions, socket, STDIN_FILENO);
    for (int descriptor = STDOUT_FILENO; descriptor <= STDERR_FILENO && status == 0; descriptor++)
        status = posix_spawn_file_actions_addopen(actions, descriptor, "/dev/null", O_WRONLY, 0);
    return status == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1) : status;
}

int nct_spawn(const char *program, char *const arguments[], char *const environment[], int socket, pid_t *child) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0) return status;
    status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        status = prepare(&actions, socket);
        if (status == 0) status = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        if (status == 0) status = posix_spawn(child, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}
