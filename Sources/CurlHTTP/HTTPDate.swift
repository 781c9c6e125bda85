import CCurl
import Delegation

extension UnixTime {
  /// Nil when libcurl cannot read it; all forms of RFC 9110 section 5.6.7 are read. They have four digits for a year,
  /// where libcurl would go on to years whose milliseconds no number holds.
  init?(httpDate: String) {
    let seconds = curl_getdate(httpDate, nil)
    let endOfYear9999 = 253_402_300_799
    guard (0...endOfYear9999).contains(seconds) else { return nil }
    self.init(seconds: Int64(seconds))
  }
}
