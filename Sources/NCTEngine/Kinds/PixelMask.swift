/// A set of pixels of a grid, `height × width`, row-major.
struct PixelMask: Sendable {
    let width: Int
    let height: Int
    var isSet: [Bool]

    /// The pixels within `reach` of the mask's in both directions. Cost linear in the pixels.
    func grown(by reach: Int) -> PixelMask {
        /// Along `count` lines of `length` pixels that are `step` apart.
        func spread(_ mask: [Bool], count: Int, length: Int, start: (Int) -> Int, step: Int) -> [Bool] {
            var result = mask
            for line in 0..<count {
                let origin = start(line)
                var last = -reach - 1
                // Forward what lies behind, then backward what lies ahead.
                for position in 0..<length {
                    if mask[origin + position * step] { last = position }
                    if position - last <= reach { result[origin + position * step] = true }
                }
                last = length + reach
                for position in (0..<length).reversed() {
                    if mask[origin + position * step] { last = position }
                    if last - position <= reach { result[origin + position * step] = true }
                }
            }
            return result
        }
        let rows = spread(isSet, count: height, length: width, start: { $0 * width }, step: 1)
        return PixelMask(
            width: width, height: height, isSet: spread(rows, count: width, length: height, start: { $0 }, step: width))
    }

    /// The connected regions of the pixels that are set, or of the others.
    func regions(of value: Bool = true) -> ConnectedSpots {
        ConnectedSpots(
            LabelMap(width: width, height: height, labels: isSet.map { $0 ? 1 : 0 }), label: value ? 1 : 0)
    }

    /// What is left without the connected regions that `isLeft` does not hold for.
    ///
    /// - Parameter isLeft: called with the area of each region and the pixels of `counted` in it.
    func keeping(counted: [Bool]? = nil, where isLeft: (Int, Int) -> Bool) -> PixelMask {
        let spots = regions()
        var counts = [Int](repeating: 0, count: spots.areas.count)
        if let counted {
            for (pixel, spot) in spots.labels.enumerated() where spot >= 0 && counted[pixel] { counts[Int(spot)] += 1 }
        }
        let left = zip(spots.areas, counts).map { isLeft($0, $1) }
        return PixelMask(width: width, height: height, isSet: spots.labels.map { $0 >= 0 && left[Int($0)] })
    }
}
