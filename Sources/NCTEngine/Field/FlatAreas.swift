/// Finds what of an image is no data, by what no microscope shows: large flat areas with straight edges.
///
/// Three things are looked for, again and again until nothing more is found:
/// - lines of one color along the image's sides, whichever color it is: frames, pillars, dead edges of a sensor;
/// - connected areas of black that fill a corner, a rectangle, or reach from side to side: holes of a mosaic, the
///   surroundings of a round aperture, bars with writing in them;
/// - areas of white, or of the color of a corner, that leave a rectangle, turned or not, or a disc, or are a rectangle.
///
/// White may be the light of the empty field, where the camera is saturated. So a color other than black is no data only
/// if hardly any of the field has it. And a very smooth background, under uneven light, has bands of one color that go over
/// into each other, where a frame ends in a step.
struct FlatAreas {
    /// The smallest rectangle that holds all data.
    private(set) var bounds: PixelArea
    /// Whether a pixel of the image is no data.
    private(set) var missing: [Bool]
    private let image: RGBImage
    private let workers: Workers
    /// Colors that the field itself has.
    private var fieldColors: [SIMD3<Float>] = []

    /// Black is all that is darker: JPEG leaves some levels of noise.
    private static let black: Float = 16.5 / 255
    /// How far colors of one area may be apart from its own.
    private static let tolerance: Float = 4.5 / 255
    /// Area of a region, in shares of the image.
    private static let leastArea: Float = 0.001
    /// A color of which the field has more than this share is the field's own.
    private static let greatestFieldShare: Float = 0.02
    /// What is less than this share of all data, and is surrounded by no data, is writing.
    private static let leastIsland: Float = 0.01
    /// Least share of the image, and pixels each way, that make a field.
    private static let leastField: Float = 0.02
    private static let leastSide = 16
    /// How much of its rectangle an area must fill.
    private static let rectangular: Float = 0.98
    private static let blackRectangular: Float = 0.9
    /// Pixels in which an edge may be blended with what is beside it.
    private static let greatestBlend = 3
    /// What goes on beyond this share of its edge, without a step, is the field's own.
    private static let greatestSmoothShare: Float = 0.2

    /// Nil where all is data, or what is left is too little for a field.
    init?(of image: RGBImage, workers: Workers) {
        self.image = image
        self.workers = workers
        bounds = PixelArea(of: image)
        missing = []
        guard image.width >= Self.leastSide, image.height >= Self.leastSide, hasCandidates() else { return nil }
        missing = [Bool](repeating: false, count: image.pixelCount)
        for _ in 0..<3 {
            let peeled = peel()
            let found = findAreas()
            guard peeled || found else { break }
            dropIslands()
            guard tighten() else { return nil }
        }
        guard missing.contains(true) else { return nil }
        growIntoBlend()
        guard tighten() else { return nil }
        let data = missing.count { !$0 }
        guard Float(data) >= Self.leastField * Float(image.pixelCount) else { return nil }
    }

    // MARK: Colors

    private func color(_ pixel: Int) -> SIMD3<Float> {
        SIMD3(image.samples[3 * pixel], image.samples[3 * pixel + 1], image.samples[3 * pixel + 2])
    }

    private static func isBlack(_ color: SIMD3<Float>) -> Bool { color.max() <= black }

    private static func areAlike(_ first: SIMD3<Float>, _ second: SIMD3<Float>) -> Bool {
        let difference = first - second
        return max(difference.max(), -difference.min()) <= tolerance
    }

    private static func matches(_ color: SIMD3<Float>, _ key: SIMD3<Float>) -> Bool {
        isBlack(key) ? isBlack(color) : areAlike(color, key)
    }

    /// Black, white, and the colors of corners that are flat.
    private func keys() -> [SIMD3<Float>] {
        var keys: [SIMD3<Float>] = [SIMD3(repeating: 0), SIMD3(repeating: 1)]
        for (x, y) in [
            (bounds.x, bounds.y), (bounds.x + bounds.width - 4, bounds.y), (bounds.x, bounds.y + bounds.height - 4),
            (bounds.x + bounds.width - 4, bounds.y + bounds.height - 4),
        ] {
            let key = color(y * image.width + x)
            let isFlat = (0..<16).allSatisfy { index in
                let pixel = (y + index / 4) * image.width + x + index % 4
                return (missing.isEmpty || !missing[pixel]) && Self.areAlike(color(pixel), key)
            }
            if isFlat, !keys.contains(where: { Self.matches(key, $0) }) { keys.append(key) }
        }
        return keys
    }

    /// Whether there is anything to look for; most images have nothing.
    private func hasCandidates() -> Bool {
        if Side.allCases.contains(where: { lineColor($0, bounds) != nil }) { return true }
        let keys = self.keys()
        if keys.count > 2 { return true }
        let counts = workers.map(image.pixelCount, grain: 1 << 16) { range in
            var (dark, light) = (0, 0)
            for pixel in range {
                let color = color(pixel)
                if Self.isBlack(color) { dark += 1 } else if Self.areAlike(color, keys[1]) { light += 1 }
            }
            return (dark: dark, light: light)
        }
        let least = min(image.width, image.height, Int(Self.leastArea * Float(image.pixelCount)))
        return counts.reduce(0) { $0 + $1.dark } >= least || counts.reduce(0) { $0 + $1.light } >= least
    }

    /// True if more of what counts as data has the color than chance and glare explain.
    private func isFieldColor(_ key: SIMD3<Float>, within area: PixelArea, besides left: PixelMask? = nil) -> Bool {
        if Self.isBlack(key) { return false }
        var (count, all) = (0, 0)
        for y in 0..<area.height {
            for x in 0..<area.width {
                let pixel = (area.y + y) * image.width + area.x + x
                if missing[pixel] || left?[x, y] == true { continue }
                all += 1
                if Self.areAlike(color(pixel), key) { count += 1 }
            }
        }
        return Float(count) > Self.greatestFieldShare * Float(max(1, all))
    }

    /// True if all that would be left is of one color: two colors beside each other are a drawing, not a field.
    private func isFlat(besides left: PixelMask) -> Bool {
        var key: SIMD3<Float>?
        var (count, all) = (0, 0)
        for y in 0..<bounds.height {
            for x in 0..<bounds.width where !left[x, y] {
                let pixel = (bounds.y + y) * image.width + bounds.x + x
                guard !missing[pixel] else { continue }
                let color = color(pixel)
                all += 1
                if Self.areAlike(color, key ?? color) { count += 1 }
                key = key ?? color
            }
        }
        return Float(count) >= (1 - Self.greatestFieldShare) * Float(all)
    }

    // MARK: Lines along the sides

    /// The color of the outermost line of an area on a side, nil if it has several.
    private func lineColor(_ side: Side, _ area: PixelArea) -> SIMD3<Float>? {
        let line = area.line(on: side)
        let key = color(line.y * image.width + line.x)
        return allSatisfy(line) { Self.matches(color($0), key) } ? key : nil
    }

    /// Whether the last line that was taken from a side is the beginning of what an area shows there.
    private func goesOn(_ side: Side, of area: PixelArea) -> Bool {
        let line = area.line(on: side)
        let (dx, dy) = side.inward
        var edge = Edge()
        for y in line.y..<line.y + line.height {
            for x in line.x..<line.x + line.width {
                edge.add(
                    color((y - dy) * image.width + x - dx),
                    color((y + Self.greatestBlend * dy) * image.width + x + Self.greatestBlend * dx))
            }
        }
        return edge.isSmooth
    }

    /// Whether what a mask of the bounds has of a color goes on beyond its edge.
    private func goesOn(_ mask: PixelMask) -> Bool {
        let reach = Self.greatestBlend + 1
        var edge = Edge()
        for y in 0..<bounds.height {
            for x in 0..<bounds.width where mask[x, y] {
                for (dx, dy) in Side.allCases.map(\.inward) {
                    let (column, row) = (x + reach * dx, y + reach * dy)
                    guard (0..<bounds.width).contains(column), (0..<bounds.height).contains(row),
                        !mask[x + dx, y + dy], !mask[column, row]
                    else { continue }
                    let (inside, beyond) = (pixel(x, y), pixel(column, row))
                    if !missing[beyond] { edge.add(color(inside), color(beyond)) }
                }
            }
        }
        return edge.isSmooth
    }

    /// Of a place within the bounds.
    private func pixel(_ x: Int, _ y: Int) -> Int { (bounds.y + y) * image.width + bounds.x + x }

    /// The pixels along an edge, and how many of them go on beyond it. Black does not: no light makes it of a background.
    private struct Edge {
        private var (all, smooth) = (0, 0)

        mutating func add(_ inside: SIMD3<Float>, _ beyond: SIMD3<Float>) {
            all += 1
            if !FlatAreas.isBlack(inside), FlatAreas.areAlike(inside, beyond) { smooth += 1 }
        }

        var isSmooth: Bool { Float(smooth) > FlatAreas.greatestSmoothShare * Float(all) }
    }

    private func allSatisfy(_ area: PixelArea, _ condition: (_ pixel: Int) -> Bool) -> Bool {
        (area.y..<area.y + area.height).allSatisfy { y in
            (area.x..<area.x + area.width).allSatisfy { condition(y * image.width + $0) }
        }
    }

    /// Takes lines of one color from the sides. True if there were any.
    private mutating func peel() -> Bool {
        var fieldColors = self.fieldColors
        while true {
            var (area, colors) = (bounds, [SIMD3<Float>]())
            // Those of each side's lines that go over into each other, up to the last that was taken.
            var runs: [Side: [SIMD3<Float>]] = [:]
            var isChanged = true
            while isChanged {
                isChanged = false
                for side in Side.allCases {
                    while area.width > Self.leastSide, area.height > Self.leastSide, let key = lineColor(side, area),
                        !fieldColors.contains(where: { Self.areAlike($0, key) })
                    {
                        area.removeLine(on: side)
                        if let last = runs[side]?.last, !Self.areAlike(last, key) { runs[side] = [] }
                        runs[side, default: []].append(key)
                        if !colors.contains(where: { Self.matches($0, key) }) { colors.append(key) }
                        isChanged = true
                    }
                }
            }
            guard area != bounds else { return false }
            // One color from side to side: there is no field within.
            guard area.width > Self.leastSide, area.height > Self.leastSide else { return false }
            let smooth = runs.filter { side, run in
                // A run that drifts is a shade, not a color.
                let (first, last) = (run[0], run[run.count - 1])
                return !Self.areAlike(first, last) && !Self.isBlack(last) || goesOn(side, of: area)
            }.flatMap(\.value)
            let own = smooth.isEmpty ? colors.filter { isFieldColor($0, within: area) } : smooth
            guard own.isEmpty else {
                fieldColors += own
                continue
            }
            for y in bounds.y..<bounds.y + bounds.height {
                for x in bounds.x..<bounds.x + bounds.width where !area.contains(x, y) {
                    missing[y * image.width + x] = true
                }
            }
            bounds = area
            return true
        }
    }

    // MARK: Areas

    /// Finds areas of each color. True if there were any.
    private mutating func findAreas() -> Bool {
        var isFound = false
        for key in keys() where !fieldColors.contains(where: { Self.areAlike($0, key) }) {
            let regions = FlatRegions(pixels(of: key), leastArea: Self.leastArea)
            let chosen =
                Self.isBlack(key)
                ? regions.filter { $0.isStraight(fillingAtLeast: Self.blackRectangular) }
                : regions.leavingRectangle() ?? regions.leavingDisc() ?? regions.filter { $0.fill >= Self.rectangular }
            guard !chosen.isEmpty else { continue }
            let mask = regions.mask(of: chosen)
            if isFieldColor(key, within: bounds, besides: mask) || goesOn(mask)
                || (!Self.isBlack(key) && isFlat(besides: mask))
            {
                fieldColors.append(key)
                continue
            }
            for y in 0..<bounds.height {
                for x in 0..<bounds.width where mask[x, y] {
                    missing[(bounds.y + y) * image.width + bounds.x + x] = true
                }
            }
            isFound = true
        }
        return isFound
    }

    /// The pixels within the bounds that have a color and count as data so far.
    private func pixels(of key: SIMD3<Float>) -> PixelMask {
        let isSet = workers.flatMap(bounds.height, grain: 64) { rows in
            var isSet: [Bool] = []
            isSet.reserveCapacity(rows.count * bounds.width)
            for y in rows {
                for x in 0..<bounds.width {
                    let pixel = (bounds.y + y) * image.width + bounds.x + x
                    isSet.append(!missing[pixel] && Self.matches(color(pixel), key))
                }
            }
            return isSet
        }
        return PixelMask(width: bounds.width, height: bounds.height, isSet: isSet)
    }

    /// Small data amid no data is writing on a bar.
    private mutating func dropIslands() {
        let data = PixelMask(width: image.width, height: image.height, isSet: missing.map { !$0 })
        let least = Self.leastIsland * Float(data.count)
        missing = data.keeping { area, _ in Float(area) >= least }.inverted.isSet
    }

    /// Brings the bounds close around what is data; false if nothing of a field's size is left.
    private mutating func tighten() -> Bool {
        for side in Side.allCases {
            while bounds.width >= Self.leastSide, bounds.height >= Self.leastSide,
                allSatisfy(bounds.line(on: side), { missing[$0] })
            {
                bounds.removeLine(on: side)
            }
        }
        return bounds.width >= Self.leastSide && bounds.height >= Self.leastSide
    }

    // MARK: Blended edges

    /// Where an area's edge is not sharp (a turned or a compressed image), the pixels that are a blend of field and area
    /// are neither. They are known by the rise from the area outward, which must be there along most of the edge.
    private mutating func growIntoBlend() {
        for _ in 0..<Self.greatestBlend {
            var (rim, rises) = ([Int](), [Float]())
            for y in 0..<image.height {
                for x in 0..<image.width where !missing[y * image.width + x] {
                    for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                        let (back, ahead) = ((x - dx, y - dy), (x + 2 * dx, y + 2 * dy))
                        guard image.contains(back), missing[back.1 * image.width + back.0] else { continue }
                        let pixel = y * image.width + x
                        if rim.last != pixel { rim.append(pixel) }
                        guard image.contains(ahead), !missing[ahead.1 * image.width + ahead.0] else { continue }
                        let base = color(back.1 * image.width + back.0).sum()
                        let far = abs(color(ahead.1 * image.width + ahead.0).sum() - base)
                        if far > 0.1 { rises.append(abs(color(pixel).sum() - base) / far) }
                    }
                }
            }
            guard !rises.isEmpty, rises.sorted()[rises.count / 2] < 0.8 else { return }
            for pixel in rim { missing[pixel] = true }
        }
    }
}

private enum Side: CaseIterable {
    case top, bottom, left, right

    var inward: (x: Int, y: Int) {
        switch self {
        case .top: (0, 1)
        case .bottom: (0, -1)
        case .left: (1, 0)
        case .right: (-1, 0)
        }
    }
}

extension RGBImage {
    fileprivate func contains(_ place: (x: Int, y: Int)) -> Bool {
        place.x >= 0 && place.y >= 0 && place.x < width && place.y < height
    }
}

extension PixelArea {
    fileprivate func contains(_ column: Int, _ row: Int) -> Bool {
        column >= x && column < x + width && row >= y && row < y + height
    }

    /// The outermost line on a side.
    fileprivate func line(on side: Side) -> PixelArea {
        switch side {
        case .top: PixelArea(x: x, y: y, width: width, height: 1)
        case .bottom: PixelArea(x: x, y: y + height - 1, width: width, height: 1)
        case .left: PixelArea(x: x, y: y, width: 1, height: height)
        case .right: PixelArea(x: x + width - 1, y: y, width: 1, height: height)
        }
    }

    fileprivate mutating func removeLine(on side: Side) {
        switch side {
        case .top: (y, height) = (y + 1, height - 1)
        case .bottom: height -= 1
        case .left: (x, width) = (x + 1, width - 1)
        case .right: width -= 1
        }
    }
}
