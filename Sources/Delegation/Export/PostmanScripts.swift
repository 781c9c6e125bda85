import JSON

/// The test scripts of a collection: what each answer must be, and what the next request takes from it.
enum PostmanScripts {
  static let tokenName = "Get the token"
  static let invokeName = "Invoke the agent"
  static let statusName = "Follow the run"

  /// Until something says otherwise the run of the collection ends here.
  private static let opening = """
    postman.setNextRequest(null);
    let answer = {};
    try { answer = pm.response.json(); } catch (error) { console.log(String(error)); }
    const isGood = pm.response.code >= 200 && pm.response.code < 300;

    """

  /// Whose the token is, as the program asks it; its scope and its end are left to who looks.
  static func token(_ requests: ExportedRequests) -> [String] {
    let subject = JSONValue.string(requests.subject.text).literal
    let claim = JSONValue.string(requests.profile.subjectClaim ?? "sub").literal
    let next = requests.run == nil ? "" : "\n  postman.setNextRequest(\"\(invokeName)\");"
    return lines(
      opening + """
        pm.test("the identity domain gives a token", () => {
          pm.expect(pm.response.code).to.be.within(200, 299);
          pm.expect(answer.access_token).to.be.a("string");
        });
        const parts = String(answer.access_token).split(".");
        let claims = null;
        if (parts.length === 3) {
          claims = {};
          try {
            claims = JSON.parse(require("buffer").Buffer.from(parts[1], "base64").toString("utf8"));
          } catch (error) { console.log(String(error)); }
        }
        const fold = (text) => String(text).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const isUser = claims === null ? \(requests.profile.opaqueTokens == .accept)
          : claims.tok_type === "AT" && claims.sub_type === "user"
            && typeof claims[\(claim)] === "string" && fold(claims[\(claim)]) === fold(\(subject));
        pm.test("the token is the user", () => pm.expect(isUser).to.equal(true));
        if (isGood && isUser) {
          pm.environment.set("accessToken", answer.access_token);\(next)
        }
        """
    )
  }

  static let invoke = lines(
    opening + #"""
      const jobId = String(answer.jobId);
      const isJob = /^(?!\.+$)[A-Za-z0-9._:-]{1,200}$/.test(jobId) && answer.jobId !== undefined;
      pm.test("the pod starts a run", () => {
        pm.expect(pm.response.code).to.be.within(200, 299);
        pm.expect(isJob).to.equal(true);
      });
      if (isGood && isJob) {
        pm.environment.set("jobId", jobId);
        pm.environment.set("conversationId", answer.conversationId || "");
        pm.environment.set("polls", "0");
        postman.setNextRequest("\#(statusName)");
      }
      """#
  )

  static var status: [String] {
    func words(_ states: [AgentRun.State]) -> String {
      JSONValue.array(states.flatMap(\.words).map(JSONValue.string)).literal
    }
    return lines(
      opening + """
        pm.test("the pod says how the run is", () => pm.expect(pm.response.code).to.be.within(200, 299));
        const state = String(answer.status).toUpperCase();
        const polls = Number(pm.environment.get("polls")) + 1;
        pm.environment.set("polls", String(polls));
        if (answer.conversationId) { pm.environment.set("conversationId", answer.conversationId); }
        if (\(words([.complete, .failed, .waiting])).includes(state)) {
          pm.test("the run has not failed", () => pm.expect(\(words([.failed])).includes(state)).to.equal(false));
        } else if (isGood && polls < 60) {
          postman.setNextRequest("\(statusName)");
          setTimeout(() => {}, polls > 5 ? 5000 : 1000);
        } else {
          pm.test("the run ends in time", () => pm.expect(state).to.equal("COMPLETE"));
        }
        """
    )
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}

extension JSONValue {
  /// Also a literal of JavaScript.
  fileprivate var literal: String { String(decoding: serialized(), as: UTF8.self) }
}
