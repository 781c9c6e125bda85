#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// What Glibc's module lacks: variadic functions, and headers it does not cover.

// O_PATH of asm-generic/fcntl.h. <fcntl.h> hides it without _GNU_SOURCE, and including it here would move what it
// declares from the Glibc module into this one.
#if !defined(__x86_64__) && !defined(__aarch64__)
#error "check the value of O_PATH on this architecture"
#endif
static const int linux_open_path = 010000000;

/// 1 when the descriptor lies on tmpfs or ramfs (linux/magic.h), 0 when not; -1 with errno set.
static inline int linux_is_in_memory(int descriptor) {
  struct statfs status;
  if (fstatfs(descriptor, &status) != 0) return -1;
  return status.f_type == 0x01021994 || (unsigned int)status.f_type == 0x858458f6u;
}

/// Starts a detached thread in which every signal is blocked. Returns 0 or the error of pthread_create(3).
static inline int onbehalf_start_thread(void *(*body)(void *), void *context) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, body, context);
  if (error == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

/// Names the calling thread; the kernel keeps 15 bytes.
static inline void onbehalf_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// memfd_create(2) with MFD_CLOEXEC.
static inline int onbehalf_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u); }

/// prctl(2) for options with one number.
static inline int onbehalf_prctl(int option, unsigned long value) { return prctl(option, value, 0, 0, 0); }

/// A descriptor that becomes readable when the process ends (pidfd_open(2)).
static inline int onbehalf_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0u); }

extern char **environ;

/// The environment's entries, up to a NULL.
static inline char **onbehalf_environment(void) { return environ; }
