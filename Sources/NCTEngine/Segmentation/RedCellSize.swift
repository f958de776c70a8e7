/// How large an ordinary red cell of a field is: the unit that sizes of cells are told in.
enum RedCellSize {
    /// How much wider a white cell is than a red one, about.
    private static let whiteWidth: Float = 1.7
    /// Half of a disk's chords, each weighted by its length, are longer than this share of its diameter.
    private static let chord: Float = 0.93
    /// Shorter runs are borders of something, in pixels.
    private static let leastRun = 4

    /// The area in pixels of a red cell of a map; nil if no cell stands free.
    ///
    /// A run that is mostly a white cell's tells of a red one that is narrower, so that a field of a white cell alone
    /// has a unit too.
    static func area(_ map: LabelMap<SmearClass>, mask: DataMask? = nil) -> Float? {
        area(map, background: .background, white: [.nucleus, .cytoplasm], mask: mask)
    }

    /// From the runs of foreground in rows and columns between background on both sides, the median by length.
    ///
    /// - Parameters:
    ///   - white: the labels of white cells.
    ///   - mask: runs that end where there is no data are cut, as those that end at the border.
    static func area<Label: RawRepresentable<UInt8>>(
        _ labels: LabelMap<Label>, background: Label, white: [Label] = [], mask: DataMask? = nil
    ) -> Float? {
        let (width, height) = (labels.width, labels.height)
        let background = background.rawValue
        var isWhite = [Bool](repeating: false, count: 256)
        for label in white { isWhite[Int(label.rawValue)] = true }
        var histogram = [Int](repeating: 0, count: max(width, height) + 1)
        func scan(_ count: Int, _ place: (Int) -> Int) {
            var start: Int?
            var (whiteCount, isCut) = (0, true)
            for index in 0..<count {
                let pixel = place(index)
                guard mask.isData(pixel) else {
                    (start, isCut) = (nil, true)
                    continue
                }
                let found = labels.bytes[pixel]
                if found == background {
                    isCut = false
                    if let start, start >= 0, index - start >= leastRun {
                        let length = index - start
                        let likeRed = 2 * whiteCount > length ? Int((Float(length) / whiteWidth).rounded()) : length
                        histogram[likeRed] += length
                    }
                    start = nil
                    continue
                }
                if start == nil {
                    start = isCut ? -1 : index
                    whiteCount = 0
                }
                if isWhite[Int(found)] { whiteCount += 1 }
            }
        }
        for y in stride(from: 0, to: height, by: 2) { scan(width) { y * width + $0 } }
        for x in stride(from: 0, to: width, by: 2) { scan(height) { $0 * width + x } }
        guard histogram.contains(where: { $0 > 0 }) else { return nil }
        let diameter = Float(histogram.medianBin) / chord
        return diameter * diameter * .pi / 4
    }
}
