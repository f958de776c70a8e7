// Tries what a worker must not be able to do, and what it needs. Prints a line for each that is not as it should be.
#define _GNU_SOURCE
#include "nct_workers.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

static void refused(const char *what, long result) {
    if (result == -1 && errno == EPERM) return;
    printf("%s: %s\n", what, result == -1 ? strerror(errno) : "it was possible");
    failures++;
}

static void possible(const char *what, int holds) {
    if (holds) return;
    printf("%s: not possible\n", what);
    failures++;
}

static void *work(void *argument) {
    char *memory = malloc(64 << 20);
    if (memory) memset(memory, 1, 64 << 20);
    free(memory);
    return memory ? argument : NULL;
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    int file = open(arguments[0], O_RDONLY), ends[2];
    if (file < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 2;
    int status = nct_confine();
    if (status != 0) {
        printf("no filter: %s\n", strerror(status));
        return 1;
    }
    char *nothing[] = {NULL};
    refused("reading another file", open("/etc/passwd", O_RDONLY));
    refused("writing a file", open(arguments[1], O_WRONLY | O_CREAT, 0600));
    refused("a folder", mkdir(arguments[1], 0700));
    refused("removing a file", unlink(arguments[0]));
    refused("renaming a file", rename(arguments[0], arguments[1]));
    refused("a link", symlink(arguments[0], arguments[1]));
    refused("a network socket", socket(AF_INET, SOCK_STREAM, 0));
    refused("a local socket", socket(AF_UNIX, SOCK_STREAM, 0));
    refused("another program", execve("/bin/true", nothing, nothing));
    pid_t child = fork();
    if (child == 0) _exit(0);
    refused("another process", child);
    refused("a signal to its parent", kill(getppid(), 0));
    refused("tracing its parent", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    refused("other limits", setrlimit(RLIMIT_AS, &limit));
    refused("outliving its parent", prctl(PR_SET_PDEATHSIG, 0));
    refused("memory to run", (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    possible("memory", page != MAP_FAILED);
    refused("memory made to run", mprotect(page, 4096, PROT_READ | PROT_EXEC));

    char bytes[4];
    struct stat information;
    possible("reading what is open", pread(file, bytes, 4, 0) == 4 && fstat(file, &information) == 0);
    int passed = -1;
    possible("passing a descriptor", nct_send(ends[0], "x", 1, file, true) == 1 && nct_receive(ends[1], bytes, 1, &passed) == 1);
    possible("a descriptor that was passed", passed >= 0 && pread(passed, bytes, 4, 0) == 4);
    pthread_t thread;
    void *result = NULL;
    possible("a thread", pthread_create(&thread, NULL, work, &thread) == 0 && pthread_join(thread, &result) == 0);
    possible("memory of a thread", result == &thread);
    possible("a signal to itself", kill(getpid(), 0) == 0);
    fflush(stdout);
    return failures > 0;
}
