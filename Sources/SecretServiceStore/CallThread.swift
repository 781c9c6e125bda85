import CLibSecret
import Glibc

/// Starts a thread for calls that block. It takes no signals, which belong to the process's own handlers.
///
/// It has a GLib context of its own, where signals arrive that libsecret's proxies subscribe to; `dropSignals` empties it.
///
/// - Returns: false when the system has no thread to give.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  let context = Unmanaged.passRetained(ThreadBody(run: body))
  guard let thread = g_thread_try_new("secret-service", runThread, context.toOpaque(), nil) else {
    context.release()
    return false
  }
  g_thread_unref(thread)
  return true
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runThread(_ context: gpointer?) -> gpointer? {
  guard let context else { return nil }
  var signals = sigset_t()
  sigfillset(&signals)
  pthread_sigmask(SIG_BLOCK, &signals, nil)
  let main = g_main_context_new()
  g_main_context_push_thread_default(main)
  defer {
    dropSignals()
    g_main_context_pop_thread_default(main)
    g_main_context_unref(main)
  }
  Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
  return nil
}

/// Handles the signals that have come meanwhile, so that they do not pile up: nobody else runs this thread's context.
func dropSignals() {
  while g_main_context_iteration(g_main_context_get_thread_default(), 0) != 0 {}
}
