/// Renewal ahead: a token in use that is stale is exchanged anew while it is still good, and nobody waits for it.
extension TokenService {
  /// Begins it, unless an exchange is under way. How it fails is counted and in the audit, and told to no caller whose
  /// token is good. One whose user the domain accepts no more is dropped: the next who asks hears why. Not so with the
  /// user's own token, which may only have ended since.
  func renew(_ key: TokenCache.Key, _ request: Request) {
    do throws(Failure) { try cache.refusals.check(key) } catch { return cache.failed(key, error) }
    let old = cache.token(for: key)
    cache.begin(key, nil, isRenewal: true) { flight in
      do throws(Failure) {
        let current = try allowed(key, request)
        let token = try await outcome(key, current.request, current.scope, flight).get()
        _ = try allowed(key, current.request)
        return .success(token)
      } catch {
        if error.refusesToken, case .subject = request.permit.grant, let old { cache.drop(old, of: key) }
        return .failure(error)
      }
    }
  }

  /// The request under the rules as they are now, for the use of its token alone: several may wait for it. A token that
  /// they allow no more is dropped, and so is one of a profile that is another now.
  func allowed(
    _ key: TokenCache.Key,
    _ request: Request
  ) throws(Failure) -> (request: Request, scope: String) {
    do throws(Failure) {
      var current = try request.renewed(deadline: clock.now + RenewalSchedule.patience)
      current.isHandedOut = false
      let scope = try current.permitted()
      guard self.key(current, scope) == key else { throw .abandoned }
      return (current, scope)
    } catch {
      cache.invalidate(key)
      throw error
    }
  }
}
