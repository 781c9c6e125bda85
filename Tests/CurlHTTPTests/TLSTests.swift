import CurlHTTP
import Delegation
import Foundation
import TestSupport
import Testing

/// Against `openssl s_server`, with certificates made by the openssl command.
@Suite struct TLSTests {
  private let authority: TestAuthority

  init() throws { authority = try TestAuthority() }

  private func client(systemRoots: String? = nil) -> CurlHTTPClient {
    var configuration = CurlHTTPClient.Configuration(userAgent: "onbehalf/0.0.0")
    configuration.systemRoots = systemRoots
    return CurlHTTPClient(configuration)
  }

  private func request(_ server: TLSServer, host: String = "localhost", caFile: String? = nil) -> HTTPRequest {
    var request = get(Origin(scheme: .https, host: host, port: server.port))
    request.caFile = caFile
    return request
  }

  private func tlsFailure(_ request: HTTPRequest) async -> String? {
    do throws(HTTPFailure) { _ = try await client().send(request) } catch {
      if case .tlsFailed(let found) = error { return found }
    }
    return nil
  }

  @Test(arguments: ["localhost", "127.0.0.1"]) func aServerOfTheCAFileIsTrusted(host: String) async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:localhost,IP:127.0.0.1"))
    defer { server.stop() }
    let response = try await client().send(request(server, host: host, caFile: authority.certificatePath))
    #expect(response.status == 200)
  }

  @Test func othersAreNot() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:localhost"))
    defer { server.stop() }
    #expect(await tlsFailure(request(server))?.contains("unable to get local issuer certificate") == true)
    let stranger = try TestAuthority()
    #expect(await tlsFailure(request(server, caFile: stranger.certificatePath))?.contains("certificate") == true)
  }

  @Test func theNameMustBeTheServers() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:other.example"))
    defer { server.stop() }
    let found = await tlsFailure(request(server, caFile: authority.certificatePath))
    #expect(found?.contains("target host name 'localhost'") == true)
  }

  @Test func anExpiredCertificateIsRefused() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:localhost", days: -1))
    defer { server.stop() }
    let found = await tlsFailure(request(server, caFile: authority.certificatePath))
    #expect(found?.contains("certificate has expired") == true)
  }

  @Test func olderTLSIsRefused() async throws {
    let certificate = try authority.issue(names: "DNS:localhost")
    let server = try TLSServer(certificate, options: ["-tls1_1", "-cipher", "ALL@SECLEVEL=0"])
    defer { server.stop() }
    #expect(await tlsFailure(request(server, caFile: authority.certificatePath)) != nil)
  }

  @Test func theCAFileIsAddedToTheSystemsRoots() async throws {
    let added = try TestAuthority()
    let ours = try TLSServer(try authority.issue(names: "DNS:localhost"))
    let theirs = try TLSServer(try added.issue(names: "DNS:localhost"))
    defer {
      ours.stop()
      theirs.stop()
    }
    let client = client(systemRoots: authority.certificatePath)
    let alone = try await client.send(request(ours))
    #expect(alone.status == 200)
    for server in [ours, theirs] {
      let response = try await client.send(request(server, caFile: added.certificatePath))
      #expect(response.status == 200)
    }
    await #expect(throws: HTTPFailure.self) { try await client.send(request(theirs)) }
  }

  @Test func aReplacedCAFileIsReadAgain() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:localhost"))
    defer { server.stop() }
    let client = client()
    let path = authority.folder.appending(path: "replaced.pem").path
    let stranger = try TestAuthority()
    for (source, isTrusted) in [(stranger, false), (authority, true), (stranger, false), (authority, true)] {
      try Data(contentsOf: URL(filePath: source.certificatePath)).write(to: URL(filePath: path), options: .atomic)
      let status = try? await client.send(request(server, caFile: path)).status
      #expect((status == 200) == isTrusted)
    }
  }

  @Test func anUnusableCAFileIsNamed() async throws {
    let folder = authority.folder
    try Data("not a certificate".utf8).write(to: folder.appending(path: "text"))
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    try Data(damaged.utf8).write(to: folder.appending(path: "damaged"))
    #expect(mkfifo(folder.appending(path: "fifo").path, 0o600) == 0)
    let server = try TLSServer(try authority.issue(names: "DNS:localhost"))
    defer { server.stop() }
    for (name, problem) in [
      ("absent", "No such file or directory"), ("text", "no PEM certificate"), ("fifo", "not a regular file"),
      (".", "not a regular file"), ("damaged", "a certificate in it cannot be read"),
    ] {
      let path = folder.appending(path: name).path
      let found = await tlsFailure(request(server, caFile: path))
      #expect(found?.contains(problem) == true && found?.contains(path) == true, "\(name): \(found ?? "accepted")")
    }
  }
}
