/// Order statistics without sorting.
extension Array where Element == Float {
    /// The value that would stand at `rank` if these were sorted, in time proportional to their number.
    ///
    /// A number's bits, with the negative ones turned over, are in the numbers' order: their upper digits are counted
    /// first, then the next of those that share the wanted ones. Few numbers are taken by smaller digits, for whose counts
    /// there is less to clear and to go through.
    ///
    /// - Precondition: `rank` is an index, and no value is NaN.
    package func selected(rank: Int) -> Float {
        precondition(indices.contains(rank), "the rank is an index")
        var keys = map { value -> UInt32 in
            let bits = value.bitPattern
            return bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        }
        var (wanted, rest) = (UInt32(0), rank)
        for (shift, width) in count < 8192 ? [(21, 11), (10, 11), (0, 10)] : [(16, 16), (0, 16)] {
            var counts = [Int](repeating: 0, count: 1 << width)
            for key in keys { counts[Int(key >> shift) & (counts.count - 1)] += 1 }
            var digit = 0
            while rest >= counts[digit] {
                rest -= counts[digit]
                digit += 1
            }
            wanted |= UInt32(digit) << shift
            if shift > 0 { keys = keys.filter { $0 >> shift == wanted >> shift } }
        }
        return Float(bitPattern: wanted >> 31 == 1 ? wanted & ~(1 << 31) : ~wanted)
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
