import Config
import Daemon
import Testing

@Suite struct RetryPolicyTests {
    @Test("The wait doubles up to the maximum, is spread by a fifth either way, and ends with the last attempt")
    func waits() throws {
        let settings = RetrySettings(attempts: 12, initialDelay: .seconds(2), maximumDelay: .seconds(600))
        let policy = RetryPolicy(settings, seed: 1)
        for capture in Int64(1)...200 {
            for attempt in 1...11 {
                let wait = Double(try #require(policy.delay(afterAttempt: attempt, of: capture)))
                let base = min(2000 * Double(1 << (attempt - 1)), 600_000)
                #expect(wait >= base * 0.8 - 1 && wait <= base * 1.2 + 1)
            }
            #expect(policy.delay(afterAttempt: 12, of: capture) == nil)
        }
    }

    @Test("Captures that failed together do not come back together, and the same seed gives the same waits")
    func spread() {
        let policy = RetryPolicy(RetrySettings(), seed: 5)
        let waits = (Int64(1)...100).compactMap { policy.delay(afterAttempt: 3, of: $0) }
        #expect(Set(waits).count > 90)
        let mean = Double(waits.reduce(0, +)) / 100
        #expect(abs(mean - 8000) < 400)
        #expect(
            waits
                == (Int64(1)...100).compactMap { RetryPolicy(RetrySettings(), seed: 5).delay(afterAttempt: 3, of: $0) })
        #expect(
            waits
                != (Int64(1)...100).compactMap { RetryPolicy(RetrySettings(), seed: 6).delay(afterAttempt: 3, of: $0) })
    }

    @Test("Any number of attempts has a finite wait")
    func many() {
        let policy = RetryPolicy(RetrySettings(attempts: .max), seed: 1)
        #expect(policy.delay(afterAttempt: 1_000_000, of: 1).map { $0 <= 720_000 } == true)
    }
}
