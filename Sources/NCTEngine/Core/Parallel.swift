import Synchronization

/// Runs pieces of work on a fixed number of threads.
///
/// The pieces are cut by size alone, never by the number of threads, and each writes only its own part of the result:
/// so the bytes that come out do not depend on how many threads ran.
public struct Workers: Sendable, Equatable {
    /// At least 1.
    public let threads: Int

    /// - Parameter threads: less than 1 counts as 1.
    public init(threads: Int) {
        self.threads = max(1, threads)
    }

    /// Calls `body` once for each range of at most `grain` indices of `0..<count`, in no particular order.
    package func forEach(_ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
        guard count > 0 else { return }
        let grain = max(1, grain)
        let pieces = (count + grain - 1) / grain
        let piece: @Sendable (Int) -> Range<Int> = { $0 * grain..<min(count, ($0 + 1) * grain) }
        guard threads > 1, pieces > 1 else {
            for index in 0..<pieces { body(piece(index)) }
            return
        }
        ThreadTeam.shared.perform(pieces, helpers: min(threads, pieces) - 1) { body(piece($0)) }
    }

    /// The elements that `body` returns for each piece, one after the other.
    package func flatMap<T: Sendable>(_ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> [T]) -> [T] {
        let pieces = map(count, grain: grain, body)
        var result: [T] = []
        result.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { result.append(contentsOf: piece) }
        return result
    }

    /// The results of `body` for each piece, in the order of the pieces.
    package func map<T: Sendable>(_ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> T) -> [T] {
        guard count > 0 else { return [] }
        let grain = max(1, grain)
        let pieces = (count + grain - 1) / grain
        let results = Mutex<[T?]>(Array(repeating: nil, count: pieces))
        forEach(pieces, grain: 1) { range in
            for index in range {
                let value = body(index * grain..<min(count, (index + 1) * grain))
                results.withLock { $0[index] = value }
            }
        }
        return results.withLock { $0.map { $0! } }
    }
}

/// A pointer into a buffer that several threads share.
///
/// `@unchecked` because the compiler cannot see that each piece of work touches a disjoint part; whoever makes one
/// promises that, and that the buffer outlives the work.
package struct SharedPointer<Element>: @unchecked Sendable {
    package let base: UnsafeMutablePointer<Element>

    package init(_ base: UnsafeMutablePointer<Element>) { self.base = base }
    package init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.base = buffer.baseAddress! }
}

/// A pointer to memory that several threads only read.
///
/// `@unchecked` because reading shared memory that nobody writes is safe, which a pointer's type does not say.
package struct SharedConstPointer<Element>: @unchecked Sendable {
    package let base: UnsafePointer<Element>

    package init(_ base: UnsafePointer<Element>) { self.base = base }
    package init(_ buffer: UnsafeBufferPointer<Element>) { self.base = buffer.baseAddress! }
}
