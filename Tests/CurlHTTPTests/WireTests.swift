import CurlHTTP
import Delegation
import TestSupport
import Testing

/// What goes onto the wire, and what is made of an answer.
@Suite struct WireTests {
  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))

  @Test func whatIsSentIsWhatWasGiven() async throws {
    let target = "/a/../b//%2e%2E/c?x=%41&y=[1]"
    try await withServer { _ in
      [.answer()]
    } use: { server in
      var request = get(server, target)
      request.method = .post
      request.body = Array("grant=é".utf8)
      request.headers = [("Authorization", "Bearer t"), ("X-Empty", ""), ("Content-Type", "text/plain")]
      let response = try await client.send(request)
      #expect(response.status == 200)
      let seen = try #require(server.requests.first)
      #expect(seen.requestLine == "POST \(target) HTTP/1.1")
      #expect(seen.body == Array("grant=é".utf8))
      #expect(
        seen.headerLines.sorted() == [
          "Accept: */*", "Authorization: Bearer t", "Content-Length: 8", "Content-Type: text/plain",
          "Host: 127.0.0.1:\(server.port)", "User-Agent: onbehalf/0.0.0", "X-Empty:",
        ]
      )
    }
  }

  @Test func aLargeBodyIsSentWithoutAskingFirst() async throws {
    let body = [UInt8](repeating: 0x61, count: 3 << 20)
    try await withServer { _ in
      [.answer("204 No Content")]
    } use: { server in
      var request = get(server)
      request.method = .post
      request.body = body
      let response = try await client.send(request)
      #expect(response.status == 204)
      #expect(server.requests.first?.body == body)
      #expect(server.requests.first?.head.contains("Expect") == false)
      #expect(server.requests.first?.head.contains("Content-Type") == false)
    }
  }

  /// The lengths are those of RFC 9110 section 8.6; nil is no line.
  @Test(
    arguments: [
      (.get, nil, nil), (.head, nil, nil), (.delete, nil, nil), (.post, nil, "0"), (.put, nil, "0"), (.patch, nil, "0"),
      (.post, "a=1", "3"), (.put, "a=1", "3"), (.patch, "a=1", "3"), (.delete, "a=1", "3"), (.delete, "", "0"),
    ] as [(RequestMethod, String?, String?)]
  )
  func everyMethodIsSentWithItsBodyOrWithout(_ method: RequestMethod, body: String?, length: String?) async throws {
    try await withServer { _ in
      [.answer("204 No Content")]
    } use: { server in
      var request = get(server, "/a?b")
      request.method = method
      request.body = body.map { Array($0.utf8) }
      // The second goes over the connection that the first has left as it should be.
      for _ in 0..<2 {
        let response = try await client.send(request)
        #expect(response.status == 204)
      }
      #expect(server.acceptedConnections == 1)
      #expect(server.requests.count == 2)
      for seen in server.requests {
        #expect(seen.requestLine == "\(method.rawValue) /a?b HTTP/1.1")
        #expect(seen.body == Array((body ?? "").utf8))
        let lengths = seen.headerLines.filter { $0.lowercased().hasPrefix("content-length") }
        #expect(lengths == (length.map { ["Content-Length: \($0)"] } ?? []))
        #expect(!seen.head.contains("Transfer-Encoding"))
      }
    }
  }

  @Test func anAnswerToHeadHasNoBodyWhateverLengthItTells() async throws {
    try await withServer { request in
      let length = request.index == 0 ? "99999999999" : "5"
      return [.text("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\nETag: \"1\"\r\n\r\n")]
    } use: { server in
      var request = get(server)
      request.method = .head
      for _ in 0..<2 {
        let response = try await client.send(request)
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        #expect(response.header("etag") == "\"1\"")
      }
      #expect(server.acceptedConnections == 1, "no byte was waited for")
    }
  }

  @Test func theAnswerKeepsItsHeadersInOrder() async throws {
    let headers = ["B: 1", "a: two words", "b: 3", "Date: Sun, 06 Nov 1994 08:49:37 GMT"]
    try await withServer { _ in
      [.answer("429 Too Many", headers: headers, body: "later")]
    } use: { server in
      let response = try await client.send(get(server))
      #expect(response.status == 429)
      #expect(response.headers.map { "\($0.name)=\($0.value)" }.prefix(3) == ["b=1", "a=two words", "b=3"])
      #expect(response.date == UnixTime(seconds: 784_111_777))
      #expect(response.body == Array("later".utf8))
    }
  }

  @Test(
    arguments: [
      ("", nil), ("Date: yesterday\r\n", nil), ("Date: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 784_111_777),
      ("Date: Sun Nov  6 08:49:37 1994\r\n", 784_111_777), ("Date: Sat, 01 Jan 2147483647 00:00:00 GMT\r\n", nil),
    ] as [(String, Int64?)]
  )
  func datesOfEveryFormAreRead(line: String, seconds: Int64?) async throws {
    try await withServer { _ in
      [.text("HTTP/1.1 200 OK\r\n\(line)Content-Length: 0\r\n\r\n")]
    } use: { server in
      let response = try await client.send(get(server))
      #expect(response.date == seconds.map(UnixTime.init(seconds:)))
    }
  }

  @Test func chunksDrippedByteByByteAreOneBody() async throws {
    let answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: t\r\n\r\n"
    try await withServer { _ in
      [.drip(Array(answer.utf8))]
    } use: { server in
      let response = try await client.send(get(server))
      #expect(response.body == Array("hello!".utf8))
      #expect(response.headers.map(\.name) == ["transfer-encoding"])
    }
  }

  @Test func interimAnswersAreNotTheAnswer() async throws {
    let answer = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 0\r\n\r\n"
    try await withServer { _ in
      [.text(answer)]
    } use: { server in
      let response = try await client.send(get(server))
      #expect(response.status == 200)
      #expect(response.headers.map(\.name) == ["a", "content-length"])
    }
  }

  @Test func redirectsAndCookiesAreOnlyReported() async throws {
    let headers = ["Location: http://127.0.0.1:1/elsewhere", "Set-Cookie: id=1"]
    try await withServer { _ in
      [.answer("302 Found", headers: headers)]
    } use: { server in
      let first = try await client.send(get(server))
      #expect(first.status == 302)
      let response = try await client.send(get(server))
      #expect(response.header("location") == "http://127.0.0.1:1/elsewhere")
      #expect(server.requests.count == 2)
      #expect(server.requests.allSatisfy { !$0.head.lowercased().contains("cookie") })
    }
  }

  @Test func compressionIsNeitherAskedForNorUndone() async throws {
    try await withServer { _ in
      [.answer(headers: ["Content-Encoding: gzip"], body: "raw")]
    } use: { server in
      let response = try await client.send(get(server))
      #expect(response.body == Array("raw".utf8))
      #expect(server.requests.first?.head.lowercased().contains("accept-encoding") == false)
    }
  }
}
