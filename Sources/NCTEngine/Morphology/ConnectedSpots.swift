/// The 4-connected regions of a mask.
package struct ConnectedSpots {
    package let width: Int
    package let height: Int
    /// Index of the region at each pixel, −1 outside; by the regions' first pixels.
    package let labels: [Int32]
    /// Pixels by region.
    package let areas: [Int]
    package let touchesBorder: [Bool]

    /// Cost linear in the pixels: rows are taken apart into runs, and runs that touch are joined (union and find).
    ///
    /// - Parameter data: where there is none there is a border.
    package init(_ mask: PixelMask, within data: DataMask? = nil) {
        let (width, height) = (mask.width, mask.height)
        let runs = Self.runs(of: mask)
        var labels = [Int32](repeating: -1, count: width * height)
        var areas: [Int] = []
        var touches: [Bool] = []
        var regions = [Int](repeating: 0, count: runs.count)
        for (index, run) in runs.enumerated() {
            if run.first == index {
                regions[index] = areas.count
                areas.append(0)
                touches.append(false)
            } else {
                regions[index] = regions[run.first]
            }
            let (region, pixels) = (regions[index], run.pixels)
            areas[region] += pixels.count
            touches[region] =
                touches[region] || pixels.lowerBound < width || pixels.upperBound > (height - 1) * width
                || pixels.lowerBound % width == 0 || pixels.upperBound % width == 0
                || data.map { pixels.contains(where: $0.isAtEdge) } == true
            for pixel in pixels { labels[pixel] = Int32(region) }
        }
        (self.width, self.height, self.labels, self.areas) = (width, height, labels, areas)
        touchesBorder = touches
    }

    /// Pixels of a row side by side, and the first run of the region.
    private struct Run {
        let pixels: Range<Int>
        var first: Int
    }

    /// The runs of a mask, row by row.
    private static func runs(of mask: PixelMask) -> [Run] {
        let width = mask.width
        var runs: [Run] = []
        /// The first run of what is known of a run's region; the way there is halved each time.
        func first(_ run: Int) -> Int {
            var run = run
            while runs[run].first != run {
                runs[run].first = runs[runs[run].first].first
                run = runs[run].first
            }
            return run
        }
        var above = 0
        for y in 0..<mask.height {
            let row = runs.count
            let end = (y + 1) * width
            var pixel = y * width
            while pixel < end {
                guard mask.isSet[pixel] else {
                    pixel += 1
                    continue
                }
                let start = pixel
                while pixel < end, mask.isSet[pixel] { pixel += 1 }
                let run = runs.count
                runs.append(Run(pixels: start..<pixel, first: run))
                while above < row, runs[above].pixels.upperBound + width <= start { above += 1 }
                var other = above
                while other < row, runs[other].pixels.lowerBound + width < pixel {
                    let (one, two) = (first(other), first(run))
                    runs[max(one, two)].first = min(one, two)
                    other += 1
                }
            }
            above = row
        }
        for run in runs.indices { runs[run].first = first(run) }
        return runs
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

    /// Pixels of each of the first `count` regions, or those of them that a mask of the map's size sets.
    package func areas(count: Int, in mask: [Bool]? = nil) -> [Int] {
        var areas = [Int](repeating: 0, count: count)
        for (pixel, owner) in owners.enumerated() where owner >= 0 && mask?[pixel] ?? true { areas[Int(owner)] += 1 }
        return areas
    }

    /// The smallest rectangle around each of the first `count` regions; empty where a region has no pixel.
    package func bounds(count: Int) -> [PixelArea] {
        var (left, right) = ([Int](repeating: .max, count: count), [Int](repeating: -1, count: count))
        var (top, bottom) = (left, right)
        for (pixel, owner) in owners.enumerated() where owner >= 0 {
            let (region, x, y) = (Int(owner), pixel % width, pixel / width)
            (left[region], right[region]) = (min(left[region], x), max(right[region], x))
            (top[region], bottom[region]) = (min(top[region], y), max(bottom[region], y))
        }
        return (0..<count).map { region in
            guard right[region] >= 0 else { return PixelArea(x: 0, y: 0, width: 0, height: 0) }
            return PixelArea(
                x: left[region], y: top[region], width: right[region] - left[region] + 1,
                height: bottom[region] - top[region] + 1)
        }
    }
}
