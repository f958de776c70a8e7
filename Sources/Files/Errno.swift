import Glibc

/// An error number of the system.
public struct Errno: Error, Sendable, Hashable, CustomStringConvertible {
    public let code: Int32

    public init(code: Int32) { self.code = code }

    /// What the call before this, in the same thread, failed with; of no meaning if it did not fail.
    public static var current: Errno { Errno(code: errno) }

    /// The system's words, such as "No space left on device".
    public var description: String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Makes a call of the system that returns a negative number where it fails; makes it again where a signal cut it short
/// (EINTR), and throws any other error.
///
/// Not for `close`: Linux lets go of the number even then, and another thread may have it by now. Nor for what a second
/// call would find done, such as `rename`.
@discardableResult
public func systemCall<Number: SignedInteger>(_ call: () -> Number) throws(Errno) -> Number {
    while true {
        let result = call()
        if result >= 0 { return result }
        let error = Errno.current
        if error.code != EINTR { throw error }
    }
}

/// Lends a path of any bytes, none of them zero, to C.
public func withPath<Result>(_ path: some Collection<UInt8>, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (Array(path) + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
}
