import CheckedArithmetic

/// What a look at a file may cost. A file of any size and any content is through within it.
public struct ReadBudget: Sendable {
    /// Bytes to read in all.
    public var bytes: Int64
    /// Calls of the system.
    public var reads: Int
    public var duration: Duration
    /// Asked before each read; true ends the look.
    public var isCancelled: @Sendable () -> Bool

    public init(
        bytes: Int64 = 16 << 20, reads: Int = 20_000, duration: Duration = .seconds(5),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.bytes = bytes
        self.reads = reads
        self.duration = duration
        self.isCancelled = isCancelled
    }

    /// For a person.
    var text: String { "\(bytes >> 20) MiB and \(duration.components.seconds) s" }
}

/// A file's bytes by offset, out of bounds being nil or short, within a budget.
///
/// Once the budget is spent every answer is as beyond the file's end, and ``isSpent`` says so.
final class ByteSource {
    /// Bytes that are read beside what is asked for, so that many small looks cost few calls.
    private static let readAhead = 512

    private let file: ReadOnlyFile
    let size: Int64
    private var budget: ReadBudget
    private let end: ContinuousClock.Instant
    private(set) var isSpent = false
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0

    init(_ file: ReadOnlyFile, budget: ReadBudget) throws(FileError) {
        self.file = file
        self.budget = budget
        end = ContinuousClock.now.advanced(by: budget.duration)
        size = max(0, try file.currentStamp().size)
    }

    /// What the budget was, for a person.
    var budgetText: String { budget.text }

    /// Up to `count` bytes from an offset; fewer only at the file's end.
    func bytes(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        guard offset >= 0, offset < size, let rest = size -? offset, count > 0 else { return [] }
        let wanted = Int(clamping: min(Int64(clamping: count), rest))
        if let found = inWindow(offset, wanted) { return found }
        guard spend(wanted) else { return [] }
        let taken = Int(clamping: min(Int64(clamping: max(wanted, Self.readAhead)), rest))
        let found = try file.read(at: offset, count: taken)
        (window, windowStart) = (found, offset)
        return Array(found.prefix(wanted))
    }

    private func inWindow(_ offset: Int64, _ count: Int) -> [UInt8]? {
        guard let start = (offset -? windowStart).flatMap({ Int(exactly: $0) }), start >= 0,
            let end = start +? count, end <= window.count
        else { return nil }
        return Array(window[start..<end])
    }

    private func spend(_ count: Int) -> Bool {
        let left = budget.bytes -? Int64(clamping: max(count, Self.readAhead))
        guard !isSpent, let left, left >= 0, budget.reads > 0, !budget.isCancelled(), ContinuousClock.now < end else {
            isSpent = true
            return false
        }
        budget.bytes = left
        budget.reads &-= 1
        return true
    }

    /// How many bytes before an offset are zeros, counted to a limit.
    func zeros(before end: Int64, atMost limit: Int64) throws(FileError) -> Int64 {
        var found: Int64 = 0
        while found < limit {
            let count = min(limit &- found, 1 << 16)
            let bytes = try bytes(at: max(0, end &- found &- count), count: Int(clamping: count))
            let zeros = bytes.reversed().prefix { $0 == 0 }.count
            found &+= Int64(clamping: zeros)
            if zeros < bytes.count || bytes.isEmpty { break }
        }
        return min(found, limit)
    }

    /// How many bytes from an offset on are zeros, counted to a limit.
    func zeros(from start: Int64, atMost limit: Int64) throws(FileError) -> Int64 {
        var found: Int64 = 0
        while found < limit {
            let bytes = try bytes(at: start &+ found, count: Int(clamping: min(limit &- found, 1 << 16)))
            let zeros = bytes.prefix { $0 == 0 }.count
            found &+= Int64(clamping: zeros)
            if zeros < bytes.count || bytes.isEmpty { break }
        }
        return found
    }

    /// Whether pixels that are stored as they are end in zeros that the writer may not have come to yet: an eighth of all
    /// and more, and not just what they begin with as well, as a frame does; or fewer that begin in the middle of a row, as
    /// no frame does.
    ///
    /// - Parameter row: the bytes of a row; nil where pixels are not stored row by row.
    func endsUnwritten(from start: Int64, to end: Int64, row: Int64?) throws(FileError) -> Bool {
        guard let length = end -? start, length >= 4096 else { return false }
        let zeros = try zeros(before: end, atMost: length)
        guard zeros >= length / 8 else {
            return try row.map { row throws(FileError) in
                try beginInsideRow(zeros, from: start, length: length, row: row)
            } ?? false
        }
        return try self.zeros(from: start, atMost: zeros) < zeros / 2
    }

    /// Whether zeros at the end of pixels begin inside a row, and not where the row before, too, goes over into zeros.
    private func beginInsideRow(
        _ zeros: Int64, from start: Int64, length: Int64, row: Int64
    ) throws(FileError) -> Bool {
        // Fewer may be what the last pixels are, or a row's padding.
        let (fewest, padding): (Int64, Int64) = (64, 16)
        guard row > 0, zeros >= fewest, let place = length -? zeros else { return false }
        let rest = (row &- place % row) % row
        guard rest > padding, place >= row, let boundary = start +? (place &- place % row) else { return false }
        return try self.zeros(before: boundary, atMost: rest) < rest &- padding
    }

    func integer(at offset: Int64?, size: Int, bigEndian: Bool) throws(FileError) -> UInt64? {
        guard let offset else { return nil }
        let found = try bytes(at: offset, count: size)
        return found.count == size ? UInt64(bytes: found, bigEndian: bigEndian) : nil
    }
}
