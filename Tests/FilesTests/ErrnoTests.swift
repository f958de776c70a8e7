import Files
import Glibc
import Testing

@Suite struct ErrnoTests {
    /// A call that fails with one error after the other, then gives 7.
    private struct Call {
        var errors: [Int32]
        var count = 0

        mutating func make() -> Int32 {
            defer { count += 1 }
            guard count < errors.count else { return 7 }
            errno = errors[count]
            return -1
        }
    }

    @Test("A call that signals cut short is made again until it is through")
    func interrupted() throws {
        var call = Call(errors: [EINTR, EINTR, EINTR])
        let result = try systemCall { call.make() }
        #expect(result == 7 && call.count == 4)
    }

    @Test("Any other error is thrown at once, also after a call that was cut short", arguments: [EAGAIN, EIO, ENOENT])
    func refused(code: Int32) {
        var call = Call(errors: [EINTR, code, EINTR])
        #expect(throws: Errno(code: code)) { _ = try systemCall { call.make() } }
        #expect(call.count == 2)
    }

    @Test("An error is told in the system's words, and one that has none by its number")
    func words() {
        #expect("\(Errno(code: ENOSPC))" == "No space left on device")
        #expect("\(Errno(code: 99_999))" == "error 99999")
    }
}
