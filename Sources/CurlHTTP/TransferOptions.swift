import CCurl

import enum Delegation.HTTPFailure
import enum Delegation.RequestMethod

/// Everything a transfer asks of libcurl, callbacks apart.
extension EasyHandle {
  func configure(for request: PreparedRequest) throws(HTTPFailure) {
    try setRequest(request)
    try setDestination(request)
    try setTrust(request)
    try setTimes(request)
  }

  private func setRequest(_ request: PreparedRequest) throws(HTTPFailure) {
    try setMethod(request.method, body: request.body)
    try set(CURLOPT_URL, request.url)
    try set(CURLOPT_REQUEST_TARGET, request.target)
    try set(CURLOPT_PATH_AS_IS, 1)
    try set(CURLOPT_USERAGENT, request.userAgent)
    try setHeaderLines(request.headerLines)
    // A body is taken as it comes: nothing is asked to be compressed, so nothing can grow while it is unpacked.
    try set(CURLOPT_ACCEPT_ENCODING, nil)
    // The length that an answer to HEAD tells is that of a body which does not come.
    if request.method != .head { try set(CURLOPT_MAXFILESIZE_LARGE, bytes: request.maximumResponseBytes) }
  }

  /// libcurl knows three forms of a request: without a body, with one, and with an answer that has none. The name of the
  /// method is added where it is not the form's own.
  private func setMethod(_ method: RequestMethod, body: [UInt8]?) throws(HTTPFailure) {
    switch method {
    case .get: try set(CURLOPT_HTTPGET, 1)
    case .head: try set(CURLOPT_NOBODY, 1)
    case .post: try setBody(body ?? [])
    // A method whose meaning lies in its body says so when there is none: Content-Length: 0 (RFC 9110 section 8.6).
    case .put, .patch:
      try setBody(body ?? [])
      try set(CURLOPT_CUSTOMREQUEST, method.rawValue)
    case .delete:
      if let body { try setBody(body) } else { try set(CURLOPT_HTTPGET, 1) }
      try set(CURLOPT_CUSTOMREQUEST, method.rawValue)
    }
  }

  private func setDestination(_ request: PreparedRequest) throws(HTTPFailure) {
    try set(CURLOPT_PROTOCOLS_STR, request.isEncrypted ? "https" : "http")
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    try set(CURLOPT_PROXY, request.route.proxy)
    // Whether there is one has been decided. Unset, it would be read from the environment.
    try set(CURLOPT_NOPROXY, "")
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    // HTTP/2 is agreed in the TLS handshake; transfers wait for it and then share the connection.
    try set(CURLOPT_HTTP_VERSION, request.isEncrypted ? Int(CURL_HTTP_VERSION_2TLS) : Int(CURL_HTTP_VERSION_1_1))
    try set(CURLOPT_PIPEWAIT, request.isEncrypted ? 1 : 0)
  }

  private func setTrust(_ request: PreparedRequest) throws(HTTPFailure) {
    let atLeastTLS12 = Int(CURL_SSLVERSION_TLSv1_2)
    try set(CURLOPT_SSLVERSION, atLeastTLS12)
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_CAINFO, request.roots.path)
    try set(CURLOPT_CAPATH, nil)
    try set(CURLOPT_PROXY_SSLVERSION, atLeastTLS12)
    try set(CURLOPT_PROXY_SSL_VERIFYPEER, 1)
    try set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
    try set(CURLOPT_PROXY_CAINFO, request.roots.path)
    try set(CURLOPT_PROXY_CAPATH, nil)
  }

  private func setTimes(_ request: PreparedRequest) throws(HTTPFailure) {
    let now = ContinuousClock.now
    guard request.deadline > now, request.connectDeadline > now else {
      throw .timedOut(phase: .resolve, requestSent: false)
    }
    try set(CURLOPT_TIMEOUT_MS, (request.deadline - now).wholeMilliseconds)
    try set(CURLOPT_CONNECTTIMEOUT_MS, (request.connectDeadline - now).wholeMilliseconds)
    // A lookup that hangs must not hold the loop when its transfer is given up; LookupGate counts what is left over.
    try set(CURLOPT_QUICK_EXIT, 1)
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_DNS_CACHE_TIMEOUT, 60)
    try set(CURLOPT_MAXAGE_CONN, max(1, request.idleTime.wholeMilliseconds / 1000))
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_TCP_KEEPIDLE, 30)
    try set(CURLOPT_TCP_KEEPINTVL, 15)
  }
}
