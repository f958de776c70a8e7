/// The 4-connected regions of a mask.
package struct ConnectedSpots {
    package let width: Int
    package let height: Int
    /// Index of the region at each pixel, −1 outside; by the regions' first pixels.
    package let labels: [Int32]
    /// Pixels by region.
    package let areas: [Int]
    package let touchesBorder: [Bool]

    /// Cost linear in the pixels.
    ///
    /// - Parameter data: where there is none there is a border.
    package init(_ mask: PixelMask, within data: DataMask? = nil) {
        let (width, height) = (mask.width, mask.height)
        var labels = [Int32](repeating: -1, count: width * height)
        var areas: [Int] = []
        var touches: [Bool] = []
        var stack: [Int] = []
        for start in 0..<width * height where mask.isSet[start] && labels[start] < 0 {
            let region = Int32(areas.count)
            var area = 0
            var border = false
            labels[start] = region
            stack.append(start)
            while let pixel = stack.popLast() {
                area += 1
                let (x, y) = (pixel % width, pixel / width)
                border =
                    border || x == 0 || y == 0 || x == width - 1 || y == height - 1 || data?.isAtEdge(pixel) == true
                func visit(_ next: Int) {
                    guard mask.isSet[next], labels[next] < 0 else { return }
                    labels[next] = region
                    stack.append(next)
                }
                if x > 0 { visit(pixel - 1) }
                if x < width - 1 { visit(pixel + 1) }
                if y > 0 { visit(pixel - width) }
                if y < height - 1 { visit(pixel + width) }
            }
            areas.append(area)
            touches.append(border)
        }
        (self.width, self.height, self.labels, self.areas) = (width, height, labels, areas)
        touchesBorder = touches
    }

    /// The pixels of the regions, by index, that `isLeft` holds for.
    package func mask(where isLeft: (Int) -> Bool) -> PixelMask {
        let left = areas.indices.map(isLeft)
        return PixelMask(width: width, height: height, isSet: labels.map { $0 >= 0 && left[Int($0)] })
    }

    /// The smallest rectangle around each region.
    package var bounds: [PixelArea] {
        RegionMap(width: width, height: height, owners: labels).bounds(count: areas.count)
    }
}

/// Which region each pixel of a grid belongs to, −1 for none; a region may be of several pieces.
package struct RegionMap: Sendable {
    package let width: Int
    package let height: Int
    package private(set) var owners: [Int32]

    /// - Precondition: `owners.count == width * height`.
    package init(width: Int, height: Int, owners: [Int32]) {
        precondition(owners.count == width * height, "every pixel has its region")
        (self.width, self.height, self.owners) = (width, height, owners)
    }

    /// Gives what a region encloses to the region.
    package mutating func fillHoles() {
        let holes = ConnectedSpots(PixelMask(width: width, height: height, isSet: owners.map { $0 < 0 }))
        var owner = [Int32](repeating: -1, count: holes.areas.count)
        for (pixel, hole) in holes.labels.enumerated() where hole >= 0 && !holes.touchesBorder[Int(hole)] {
            // Its first pixel has the region on its left.
            if owner[Int(hole)] < 0 { owner[Int(hole)] = owners[pixel - 1] }
            owners[pixel] = owner[Int(hole)]
        }
    }

    /// The smallest rectangle around each of the first `count` regions, which all have a pixel.
    package func bounds(count: Int) -> [PixelArea] {
        var (left, right) = ([Int](repeating: .max, count: count), [Int](repeating: -1, count: count))
        var (top, bottom) = (left, right)
        for (pixel, owner) in owners.enumerated() where owner >= 0 {
            let (region, x, y) = (Int(owner), pixel % width, pixel / width)
            (left[region], right[region]) = (min(left[region], x), max(right[region], x))
            (top[region], bottom[region]) = (min(top[region], y), max(bottom[region], y))
        }
        return (0..<count).map { region in
            PixelArea(
                x: left[region], y: top[region], width: right[region] - left[region] + 1,
                height: bottom[region] - top[region] + 1)
        }
    }
}
