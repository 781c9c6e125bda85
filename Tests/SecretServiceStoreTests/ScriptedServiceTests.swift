import Delegation
import SecretServiceStore
import Testing

@Suite(.serialized) struct ScriptedServiceTests {
  private let key = SecretItem(.key, "prod")

  @Test func neverRaisesAPrompt() async throws {
    let desktop = try PrivateDesktop()
    let service = try ScriptedService(ScriptedService.prompting, on: desktop)
    let store = desktop.store
    let asking = StoreFailure.locked(found: "the service wants to ask somebody at the screen first")
    await #expect(throws: asking) { try await store.write("one", to: key) }
    // One call more, so that what was sent before it has been taken.
    #expect(try await store.text(key) == nil)
    let calls = try service.calls()
    #expect(calls.contains("CreateItem") && calls.contains("Dismiss"))
    #expect(!calls.contains("Prompt") && !calls.contains("Unlock"))
  }

  @Test func noticesThatAWriteWasLost() async throws {
    let desktop = try PrivateDesktop()
    let service = try ScriptedService(ScriptedService.forgetting, on: desktop)
    let lost = StoreFailure.unavailable(.writeLost, found: "the item is not there after it was written")
    let store = desktop.store
    await #expect(throws: lost) { try await store.write("one", to: key) }
    #expect(try service.calls().contains("CreateItem"))
  }
}
