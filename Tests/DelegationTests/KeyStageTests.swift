import Delegation
import TestSupport
import Testing

/// The headers of an item that tell how far a rotation is.
struct KeyStageTests {
  private static let created = UnixTime(seconds: 1_700_000_000)

  private func stored(_ headers: String) -> SecretBytes {
    SecretBytes(
      copying: Array(
        """
        OnBehalf-Key: 1
        Alias: payables
        Origin: generated
        Created: 2023-11-14T22:13:20Z
        \(headers)
        -----BEGIN PRIVATE KEY-----
        AAAA
        -----END PRIVATE KEY-----
        -----BEGIN CERTIFICATE-----
        Y2VydGlmaWNhdGU=
        -----END CERTIFICATE-----

        """.utf8
      )
    )
  }

  private static let stages: [(String, KeyStage)] = [
    ("", .current),
    ("Succeeds: receivables\n", .successor(of: "receivables")),
    (
      "Retired: 2023-11-14T22:13:20Z\nSucceeded-By: payables-2\n",
      .retired(KeyStage.Retirement(at: created, successor: "payables-2", kid: nil))
    ),
    (
      "Retired: 2023-11-14T22:13:20Z\nSucceeded-By: payables-2\nKid: CoE_key\n",
      .retired(KeyStage.Retirement(at: created, successor: "payables-2", kid: "CoE_key"))
    ),
  ]

  @Test(arguments: stages) func isReadAndWrittenByteForByte(_ headers: String, _ stage: KeyStage) throws {
    let stored = stored(headers)
    let item = try KeyItem(parsing: stored, alias: "payables")
    #expect(item.stage == stage)
    let again = item.replacingHeader(of: stored).withUnsafeBytes { Array($0) }
    #expect(again == stored.withUnsafeBytes { Array($0) })
  }

  @Test(arguments: [
    "Succeeds: receivables\nRetired: 2023-11-14T22:13:20Z\nSucceeded-By: payables-2\n",
    "Succeeds: receivables\nKid: CoE_key\n",
    "Succeeds: ../receivables\n",
    "Retired: 2023-11-14T22:13:20Z\n",
    "Retired: yesterday\n",
    "Retired: yesterday\nSucceeded-By: payables-2\n",
    "Succeeded-By: payables-2\n",
    "Retired: 2023-11-14T22:13:20Z\nSucceeded-By: \n",
    "Retired: 2023-11-14T22:13:20Z\nSucceeded-By: payables-2\nKid: two words\n",
    "Kid: CoE_key\n",
  ])
  func headersThatDoNotBelongTogetherAreRefused(_ headers: String) {
    #expect(throws: KeyFailure.self) { try KeyItem(parsing: stored(headers), alias: "payables") }
  }
}
