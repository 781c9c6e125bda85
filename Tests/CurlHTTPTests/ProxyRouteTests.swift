import Delegation
import Testing

@testable import CurlHTTP

struct ProxyRouteTests {
  @Test(arguments: [
    ("http://proxy.example:3128", "http://proxy.example:3128"), ("proxy.example:3128", "http://proxy.example:3128"),
    ("http://user:word@proxy.example", "http://proxy.example:1080"), ("proxy.example", "http://proxy.example:1080"),
    ("https://proxy.example/", "https://proxy.example:443"), ("socks5h://[::1]:9050", "socks5h://[::1]:9050"),
    ("socks5://u:word@proxy.example", "socks5://proxy.example:1080"),
  ])
  func isShownWithThePortThatIsUsedAndNoPassword(_ proxy: String, _ shown: String) throws {
    var request = HTTPRequest(
      method: .get,
      origin: Origin(scheme: .https, host: "pod.example", port: 443),
      target: "/",
      deadline: .now + .seconds(1)
    )
    request.proxy = proxy
    #expect(try ProxyRoute(request, configuration: .init(userAgent: "o")).shown?.url == shown)
  }
}
