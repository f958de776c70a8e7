/// Order statistics without sorting.
extension Array where Element == Float {
    /// The value that would stand at `rank` if these were sorted, in time proportional to their number.
    ///
    /// A number's bits, with the negative ones turned over, are in the numbers' order: their upper halves are counted
    /// first, then the lower halves of those that share the wanted upper half.
    ///
    /// - Precondition: `rank` is an index, and no value is NaN.
    package func selected(rank: Int) -> Float {
        precondition(indices.contains(rank), "the rank is an index")
        let keys = map { value -> UInt32 in
            let bits = value.bitPattern
            return bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        }
        let upper = Self.bin(of: keys.lazy.map { Int($0 >> 16) }, rank: rank)
        let lower = Self.bin(
            of: keys.lazy.filter { Int($0 >> 16) == upper.bin }.map { Int($0 & 0xFFFF) }, rank: upper.rank)
        let key = UInt32(upper.bin << 16 | lower.bin)
        return Float(bitPattern: key >> 31 == 1 ? key & ~(1 << 31) : ~key)
    }

    /// The bin that holds the rank, and the rank within it.
    private static func bin(of values: some Sequence<Int>, rank: Int) -> (bin: Int, rank: Int) {
        var counts = [Int](repeating: 0, count: 1 << 16)
        for value in values { counts[value] += 1 }
        var rest = rank
        for bin in counts.indices {
            if rest < counts[bin] { return (bin, rest) }
            rest -= counts[bin]
        }
        preconditionFailure("the rank is less than the number of values")
    }
}

/// The counts of a histogram's bins.
extension Array where Element == Int {
    /// The first bin with which half of all counts are reached.
    var medianBin: Int {
        let total = reduce(0, +)
        var below = 0
        return firstIndex {
            below += $0
            return 2 * below >= total
        } ?? 0
    }

    /// From the median's bin on, the one that has most counts together with those beside it.
    var upperMode: Int { (medianBin..<count).max { smoothed($0) < smoothed($1) } ?? medianBin }

    /// The counts of a bin and of those beside it.
    func smoothed(_ bin: Int) -> Int { self[Swift.max(0, bin - 1)...Swift.min(count - 1, bin + 1)].reduce(0, +) }
}
