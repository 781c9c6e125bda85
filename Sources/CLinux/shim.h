#pragma once
#include <sys/prctl.h>

#include <sys/vfs.h>

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
