/// How often each sample occurs in a channel of one image or several: 65,536 values from 0 to 1, which tell all 8-bit
/// and all 16-bit samples apart.
struct SampleHistogram: Sendable, Equatable {
    static let codes = 65536
    /// Samples of each value.
    private(set) var counts: [Int]

    /// - Parameter channel: 0…2.
    init(_ images: [RGBImage], channel: Int) {
        counts = [Int](repeating: 0, count: Self.codes)
        for image in images {
            for index in stride(from: channel, to: image.samples.count, by: 3) {
                counts[Self.code(of: image.samples[index])] += 1
            }
        }
    }

    static func code(of sample: Float) -> Int { min(codes - 1, max(0, Int((sample * 65535).rounded()))) }
    static func sample(of code: Int) -> Float { Float(code) / 65535 }

    var total: Int { counts.reduce(0, +) }

    /// The sample at a place, from 0, of the sorted ones.
    func sample(at rank: Int) -> Float {
        var below = 0
        let code = counts.firstIndex {
            below += $0
            return below > rank
        }
        return Self.sample(of: code ?? Self.codes - 1)
    }

    /// The values that occur, ascending, and the share of samples up to each.
    var cumulative: (codes: [Int], shares: [Double]) {
        let total = Double(max(1, total))
        var (codes, shares, below) = ([Int](), [Double](), 0)
        for (code, count) in counts.enumerated() where count > 0 {
            below += count
            codes.append(code)
            shares.append(Double(below) / total)
        }
        return (codes, shares)
    }
}
