import Files
import Foundation

/// The library's descriptor: it waits by `select`, which knows low numbers only, and does not tell which one it has.
struct InotifyShimDescriptors: Sendable {
    /// What `select` can wait for. Source: select(2), `FD_SETSIZE`.
    static let limit: Int32 = 1024

    /// The library's descriptor, if it was found.
    var found: Int32?
    /// Descriptors of low numbers, to be given to the library when it opens.
    private var held: [Int32] = []
    private var before: Set<Int32> = []

    /// Holds some low numbers while they can be had.
    mutating func hold(copiesOf descriptor: Int32) {
        while held.count < 4 {
            let number = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
            guard number >= 0 else { return }
            guard number < Self.limit else {
                Glibc.close(number)
                return
            }
            held.append(number)
        }
    }

    /// Lets a low number go, for the instance that is opened next; false if there was none. Another thread may take it;
    /// then ``find(_:)`` fails, and the next number is lent.
    mutating func lend() -> Bool {
        let lent = held.popLast()
        if let lent { Glibc.close(lent) }
        before = Set(Self.instances())
        return lent != nil
    }

    /// Finds the descriptor of the instance that has been opened since the last ``lend()``: of the new ones, the one
    /// that has the mark among its watches.
    ///
    /// - Returns: false if the library cannot wait for it. One that was not found has to do.
    mutating func find(_ mark: Int32) -> Bool {
        let line = "inotify wd:\(String(mark, radix: 16)) "
        found = Self.instances().filter { !before.contains($0) }.first {
            KernelFile.lines("/proc/self/fdinfo/\($0)")?.contains { $0.hasPrefix(line) } == true
        }
        guard let found else { return true }
        guard found < Self.limit else {
            self.found = nil
            return false
        }
        _ = fcntl(found, F_SETFD, FD_CLOEXEC)
        return true
    }

    /// This process's descriptors of inotify.
    private static func instances() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }.filter { number in
            var target = [CChar](repeating: 0, count: 64)
            let length = readlink("/proc/self/fd/\(number)", &target, target.count - 1)
            return length > 0
                && String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                    .hasSuffix("inotify")
        }
    }
}
