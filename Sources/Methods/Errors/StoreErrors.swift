import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func store(_ failure: StoreFailure, store: String) -> ResponseError {
    let named = JSONValue.Member.text("store", store)
    switch failure {
    case .unavailable(let problem, let found):
      return ResponseError(
        .storeUnavailable,
        "The secret store \(store) cannot be used: \(found).",
        retryable: problem.passesByItself,
        hint: problem.hint,
        detail: [named, .text("reason", problem.rawValue), .text("found", found)]
      )
    case .locked(let found):
      return ResponseError(
        .storeLocked,
        "The secret store \(store) is locked: \(found).",
        hint: store.utf8.starts(with: "file:".utf8)
          ? "Correct the passphrase file, which is read again at each try; a passphrase from --passphrase-fd needs a "
            + "restart. Was the passphrase changed with changePassphrase?"
          : "Unlock the keyring (log in to the desktop, or gnome-keyring-daemon --unlock), then repeat the call; or "
            + "repeat it with prompt: true, for somebody at the screen.",
        detail: [named, .text("reason", "locked")]
      )
    case .promptDismissed:
      return ResponseError(
        .storeLocked,
        "The secret store \(store) is locked, and whoever was asked to unlock it did not.",
        hint: "Repeat the call and answer the keyring's question, or unlock the keyring beforehand.",
        detail: [named, .text("reason", "prompt_dismissed")]
      )
    case .timedOut(let writing):
      return ResponseError(
        .storeTimeout,
        "The secret store \(store) did not answer in time"
          + (writing ? "; whether the write took effect is not known." : "."),
        retryable: !writing,
        hint: writing
          ? "Look with getKey or listKeys before repeating it."
          : "Try again; if it stays, look whether its daemon waits for a person or hangs.",
        detail: [named, .text("reason", "no_answer"), .text("outcome", writing ? "unknown" : "none")]
      )
    case .interrupted(let found):
      return ResponseError(
        .storeUnavailable,
        "The secret store \(store) failed in the middle of a write; whether that took effect is not known: \(found).",
        hint: "Look with getKey or listKeys before repeating it.",
        detail: [
          named, .text("reason", "interrupted"), .text("outcome", "unknown"), .text("found", found),
        ]
      )
    case .corrupt(let found):
      return ResponseError(
        .storeCorrupt,
        "The secret store \(store) holds something else than what was written: \(found).",
        hint: "Restore it from a copy, or delete the item and make the key anew. Nothing was changed.",
        detail: [named, .text("found", found)]
      )
    case .exists:
      return ResponseError(
        .storeCorrupt,
        "The secret store \(store) has an item of this name that was not there a moment ago.",
        hint: "Another process wrote at the same time. Look with listKeys, then repeat the call.",
        detail: [named]
      )
    }
  }
}

extension StoreProblem {
  fileprivate var passesByItself: Bool {
    switch self {
    case .noService, .serviceError, .inputOutput: true
    case .noLibrary, .noBus, .noCollection, .noFile, .unsafePermissions, .noPassphrase, .writeLost,
      .unsupported:
      false
    }
  }

  fileprivate var hint: String {
    switch self {
    case .noLibrary: "Install libsecret-1-0, or choose --store file:PATH."
    case .noBus:
      "Pass DBUS_SESSION_BUS_ADDRESS (or XDG_RUNTIME_DIR) on to the sidecar; on a server choose --store file:PATH."
    case .noService: "Start a Secret Service such as gnome-keyring; on a server choose --store file:PATH."
    case .noCollection: "Create a keyring: gnome-keyring makes one at the first log-in or with --unlock."
    case .serviceError: "Look at the log of the Secret Service; restart it if the error stays."
    case .noFile: "Make the folder that the path of --store names."
    case .unsafePermissions: "Make the named path yours alone: chown it, chmod go-w the folders, chmod 600 the file."
    case .noPassphrase:
      "Name a file with --passphrase-file, pass an open descriptor with --passphrase-fd, or give the unit the "
        + "credential onbehalf-passphrase."
    case .inputOutput: "Look at the disk: is it full, read-only or gone?"
    case .unsupported: "Only --store file:PATH has a passphrase."
    case .writeLost: "The store said yes and kept nothing; KeePassXC does so when its prompt is dismissed. Repeat it."
    }
  }
}
