import TestSupport
import Testing

@testable import Delegation

struct RunBookTests {
  private let pod = Origin(scheme: .https, host: "pod.fa.us6.oraclecloud.com", port: 443)

  private func user(_ name: String) throws -> Subject { try Subject(name, unicode: true) }

  private func isDenied(_ book: RunBook, _ item: RunBook.Item, _ name: String, at pod: Origin? = nil) throws -> Bool {
    let user = try user(name)
    do throws(Failure) {
      try book.check(item, at: pod ?? self.pod, for: user)
      return false
    } catch {
      #expect(error == .policy(.runDenied(what: item.description)))
      return true
    }
  }

  @Test(arguments: [RunBook.Item.job("17"), .conversation("17")]) func whatWasSeenIsThatUsers(
    _ item: RunBook.Item
  ) throws {
    let book = RunBook()
    #expect(try !isDenied(book, item, "ap.clerk"), "of what nobody has seen the pod decides")
    book.note(item, at: pod, for: try user("curtis.feitty"))
    book.note(item, at: pod, for: try user("ap.clerk"))
    #expect(try !isDenied(book, item, "curtis.feitty"))
    #expect(try isDenied(book, item, "ap.clerk"), "the first has it")
    #expect(try isDenied(book, item, "é"))
  }

  /// As the subject of a token is compared, which both spellings get.
  @Test func theIdentityDomainTakesNamesWithoutRegardToCase() throws {
    let book = RunBook()
    book.note(.job("17"), at: pod, for: try user("curtis.feitty"))
    #expect(try !isDenied(book, .job("17"), "Curtis.Feitty"))
  }

  @Test func anIdIsTakenWithoutRegardToCase() throws {
    let book = RunBook()
    book.note(.job("7f-Ab"), at: pod, for: try user("curtis.feitty"), mode: "ADMIN")
    #expect(try isDenied(book, .job("7F-aB"), "ap.clerk"))
    #expect(book.mode(of: .job("7F-AB"), at: pod) == "ADMIN")
  }

  @Test func whatIsTakenTogetherIsTakenWholeOrNotAtAll() throws {
    let book = RunBook()
    let (curtis, clerk) = (try user("curtis.feitty"), try user("ap.clerk"))
    book.note(.conversation("c"), at: pod, for: curtis)
    #expect(!book.claim([.job("17"), .conversation("c")], at: pod, for: clerk))
    #expect(book.claim([.job("17"), .conversation("c")], at: pod, for: curtis))
    #expect(try isDenied(book, .job("17"), "ap.clerk"))
  }

  @Test func aJobIsNoConversationAndAnotherPodsIsAnotherOne() throws {
    let book = RunBook()
    book.note(.job("17"), at: pod, for: try user("curtis.feitty"))
    #expect(try !isDenied(book, .conversation("17"), "ap.clerk"))
    #expect(try !isDenied(book, .job("18"), "ap.clerk"))
    let test = Origin(scheme: .https, host: "pod-test.fa.us6.oraclecloud.com", port: 443)
    #expect(try !isDenied(book, .job("17"), "ap.clerk", at: test))
  }

  @Test func whatARunWasInvokedAsIsKept() throws {
    let book = RunBook()
    let curtis = try user("curtis.feitty")
    #expect(book.mode(of: .job("17"), at: pod) == nil)
    book.note(.job("17"), at: pod, for: curtis, mode: "ADMIN")
    book.note(.job("17"), at: pod, for: curtis)
    book.note(.job("17"), at: pod, for: try user("ap.clerk"), mode: "END_USER")
    #expect(book.mode(of: .job("17"), at: pod) == "ADMIN")
  }

  @Test func theLastTenThousandAreKnown() throws {
    let book = RunBook()
    let curtis = try user("curtis.feitty")
    for number in 0..<RunBook.maximumCount { book.note(.job("\(number)"), at: pod, for: curtis) }
    #expect(try isDenied(book, .job("0"), "ap.clerk"))
    book.note(.job("one more"), at: pod, for: curtis)
    #expect(try isDenied(book, .job("0"), "ap.clerk"), "it was used a moment ago")
    #expect(try !isDenied(book, .job("1"), "ap.clerk"), "the one that was used least recently is forgotten")
  }
}
