#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// What Glibc's module lacks: variadic functions, and headers it does not cover.

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
