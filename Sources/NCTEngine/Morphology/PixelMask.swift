/// A set of pixels of a grid, `height × width`, row-major, and what is done to its shape.
package struct PixelMask: Sendable, Equatable {
    package let width: Int
    package let height: Int
    package var isSet: [Bool]

    /// - Precondition: `isSet.count == width * height`.
    package init(width: Int, height: Int, isSet: [Bool]) {
        precondition(isSet.count == width * height, "a mask needs width × height values")
        (self.width, self.height, self.isSet) = (width, height, isSet)
    }

    package subscript(x: Int, y: Int) -> Bool { isSet[y * width + x] }

    package var count: Int { isSet.reduce(0) { $0 + ($1 ? 1 : 0) } }

    /// The other pixels.
    package var inverted: PixelMask { PixelMask(width: width, height: height, isSet: isSet.map { !$0 }) }

    /// The pixels within `reach` of the mask's in both directions: dilation by a square. Cost linear in the pixels.
    package func grown(by reach: Int) -> PixelMask {
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

    /// The pixels that have no other within `reach` in both directions: erosion by a square. Beyond the border lie none.
    package func shrunk(by reach: Int) -> PixelMask { inverted.grown(by: reach).inverted }

    /// Whether a pixel is set and one beside it, in its row or column, is not. Beyond the border lie none.
    package func isAtEdge(_ pixel: Int) -> Bool {
        guard isSet[pixel] else { return false }
        let (x, y) = (pixel % width, pixel / width)
        return (x > 0 && !isSet[pixel - 1]) || (x < width - 1 && !isSet[pixel + 1])
            || (y > 0 && !isSet[pixel - width]) || (y < height - 1 && !isSet[pixel + width])
    }

    /// Whether a pixel is on the border of the grid.
    package func isAtBorder(_ pixel: Int) -> Bool {
        let (x, y) = (pixel % width, pixel / width)
        return x == 0 || y == 0 || x == width - 1 || y == height - 1
    }

    /// What is left without the connected regions that `isLeft` does not hold for.
    ///
    /// - Parameter isLeft: called with the area of each region and the pixels of `counted` in it.
    package func keeping(counted: PixelMask? = nil, where isLeft: (Int, Int) -> Bool) -> PixelMask {
        let spots = ConnectedSpots(self)
        var counts = [Int](repeating: 0, count: spots.areas.count)
        if let counted {
            for (pixel, spot) in spots.labels.enumerated() where spot >= 0 && counted.isSet[pixel] {
                counts[Int(spot)] += 1
            }
        }
        return spots.mask { isLeft(spots.areas[$0], counts[$0]) }
    }
}

extension LabelMap where Label: RawRepresentable<UInt8> {
    /// The pixels that have a label.
    package func mask(of label: Label) -> PixelMask {
        let number = label.rawValue
        return PixelMask(width: width, height: height, isSet: bytes.map { $0 == number })
    }
}
