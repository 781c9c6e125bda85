/// What can be looked at without a network.
extension Diagnosis {
  func checkConfiguration(
    _ request: Request,
    _ list: inout CheckList,
    by deadline: ContinuousClock.Instant
  ) async -> Profile? {
    var profile: Profile?
    let check = await check(.configuration, by: deadline) { limit throws(Failure) in
      let found = try authorization.layers(profile: request.profile, deadline: limit).profile
      profile = found
      return Finding(.pass, "The profile \(found.name) and the policy are valid.")
    }
    list.add(check)
    return profile
  }

  /// Writes an item, reads it, deletes it.
  func tryStore(_ deadline: ContinuousClock.Instant) async throws(Failure) -> Finding {
    let item = SecretItem(.trial, Base64.encode(random.bytes(9), as: .url))
    do throws(StoreFailure) {
      let secret = SecretBytes(copying: random.bytes(32))
      try await store.write(item, secret: secret, publicAttributes: [:], replacing: false, deadline: deadline)
      _ = try await store.delete(item, deadline: deadline)
    } catch {
      throw .store(error, store: store.name)
    }
    let note = store.name == "memory" ? " It keeps nothing when the process ends." : ""
    return Finding(.pass, "The store \(store.name) was written, read and cleaned up.\(note)")
  }

  func checkKey(
    _ profile: Profile?,
    _ list: inout CheckList,
    by deadline: ContinuousClock.Instant
  ) async -> OpenKey? {
    if list.skip(.key, ifFailed: .configuration, .store) {
      _ = list.skip(.certificate, ifFailed: .key)
      return nil
    }
    guard let profile, profile.key != nil else {
      for id in [Check.ID.key, .certificate] { list.skip(id, because: "the profile names no key") }
      return nil
    }
    var key: OpenKey?
    let keyCheck = await check(.key, by: deadline) { limit throws(Failure) in
      let found = try await mint.signingKey(of: profile, deadline: limit)
      key = found
      if let warning = KeyWarning.stage(of: found.item) {
        return Finding(.warn, warning.message, hint: warning.hint)
      }
      return Finding(
        .pass,
        "The key \(found.item.alias), RSA \(found.signer.publicKey.bits), is bound to the profile's domain and client; "
          + "x5t \(found.thumbprints.x5t)."
      )
    }
    list.add(keyCheck)
    if let key {
      list.add(.certificate, dates(of: key.certificate))
    } else {
      _ = list.skip(.certificate, ifFailed: .key)
    }
    return key
  }

  private func dates(of certificate: Certificate) -> Finding {
    let now = wallClock.now()
    if let warning = KeyWarning.dates(of: certificate, at: now) {
      return Finding(.warn, warning.message, hint: warning.hint)
    }
    let days = certificate.daysLeft(at: now)
    return Finding(.pass, "The certificate ends at \(certificate.notAfter.rfc3339), in \(days) days.")
  }
}
