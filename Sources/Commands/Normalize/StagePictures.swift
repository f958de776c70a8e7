import Jobs
import NCTEngine
import Pictures

/// Pictures of what happened inside the engine, for people who want to see why.
struct StagePictures {
    /// One picture with its name in files and in words.
    struct Picture {
        var file: String
        var title: String
        var explanation: String
        var image: RGBImage
    }

    private(set) var pictures: [Picture] = []

    /// Paints all stages of one result.
    ///
    /// - Parameters:
    ///   - corrected: the capture and the light that it was divided by.
    ///   - searched: indices of the references that were searched, whose features the stages hold.
    ///   - shownWidth: the width that maps with a scale are brought to; nil leaves them at their own.
    init(
        source: RGBImage, corrected: LightCorrection.Corrected, references: [RGBImage], result: RGBImage,
        verdict: QualityReport.Verdict,
        stages: NormalizationStages, searched: [Int], shownWidth: Int? = nil
    ) {
        add("source", "source S", "the capture as it was read", source)
        if let field = corrected.field {
            add(
                "light", "light", KnownLight.words(ratio: field.ratio), LightPicture.image(of: field))
            add("corrected", "corrected S", "the capture under even light", corrected.image)
        }
        for (index, reference) in references.enumerated() {
            add(
                Self.numbered("reference", index, references.count),
                Self.titled("reference R", index, references.count),
                "whose colors are taken on", reference)
        }
        let features = Self.componentPictures([stages.sourceFeatures] + stages.referenceFeatures)
        add("features", "features of S", "first three principal components", features[0])
        for (index, picture) in zip(searched, features.dropFirst()) {
            add(
                Self.numbered("features-reference", index, references.count),
                Self.titled("features of R", index, references.count), "in the same basis", picture)
        }
        addLabels(stages, searched: searched, count: references.count)
        addField(stages, searched: searched, count: references.count)
        add("guidance", "guidance image G", "colors that the matches bring", stages.guidance)
        add(
            "confidence", "confidence", "0 no match, 1 a perfect one",
            ColorScale.unit(stages.confidence, shownWidth: shownWidth))
        if let labels = stages.transferLabels {
            add("labels", "labels of the graph cut", "one color a transform", ColorMap.image(of: labels))
        }
        addTransfer(stages.transfer, shownWidth: shownWidth)
        add("result", "result", "verdict: \(verdict.rawValue)", result)
    }

    private mutating func add(_ file: String, _ title: String, _ explanation: String, _ image: RGBImage) {
        pictures.append(Picture(file: file, title: title, explanation: explanation, image: image))
    }

    private static func numbered(_ name: String, _ index: Int, _ count: Int) -> String {
        count > 1 ? "\(name)-\(index + 1)" : name
    }

    private static func titled(_ name: String, _ index: Int, _ count: Int) -> String {
        count > 1 ? "\(name)\(index + 1)" : name
    }

    // MARK: Clusters or classes

    private mutating func addLabels(_ stages: NormalizationStages, searched: [Int], count: Int) {
        guard let labels = stages.sourceClusters else { return }
        let word = stages.showsClasses ? "classes" : "clusters"
        func paint(_ labels: LabelMap<Cluster>) -> RGBImage {
            stages.showsClasses
                ? ColorMap.image(ofClasses: labels.renamed(as: SmearClass.self)) : ColorMap.image(of: labels)
        }
        add(
            word, "\(word) of S",
            stages.showsClasses ? "red cells, cytoplasm blue, nucleus dark, platelet orange" : "one color a cluster",
            paint(labels))
        for (index, labels) in zip(searched, stages.referenceClusters) {
            add(
                Self.numbered("\(word)-reference", index, count), Self.titled("\(word) of R", index, count),
                "the same colors mean the same", paint(labels))
        }
    }

    // MARK: Field

    /// Where each pixel of S finds its match: hue and saturation tell the place, as the key shows it.
    private mutating func addField(_ stages: NormalizationStages, searched: [Int], count: Int) {
        let width = stages.source.width
        let height = stages.source.height
        guard stages.field.count == width * height else { return }
        // Positions are pixels of the references' grids, which the references' features share.
        let grids = Dictionary(
            zip(searched, stages.referenceFeatures.map { (width: $0.width, height: $0.height) }),
            uniquingKeysWith: { first, _ in first })
        var places: [Float] = []
        enum Reference {}
        var owners = LabelMap<Reference>(width: width, height: height)
        places.reserveCapacity(width * height * 3)
        for (index, target) in stages.field.enumerated() {
            let grid = grids[target.reference] ?? (width: width, height: height)
            let color = Self.place(
                x: Float(target.x) / Float(max(1, grid.width - 1)), y: Float(target.y) / Float(max(1, grid.height - 1)))
            places.append(color.red)
            places.append(color.green)
            places.append(color.blue)
            owners.bytes[index] = UInt8(clamping: target.reference)
        }
        add(
            "field", "field S→R", "color tells the place in R",
            RGBImage(width: width, height: height, samples: places))
        let key = RGBImage(
            width: 64, height: 48,
            samples: (0..<64 * 48).flatMap { index in
                let color = Self.place(x: Float(index % 64) / 63, y: Float(index / 64) / 47)
                return [color.red, color.green, color.blue]
            })
        add("field-key", "key to the field", "colors of the places in R", key)
        if count > 1 {
            add(
                "field-reference", "reference of the match",
                (0..<count).map { "R\($0 + 1) \(Self.colorName($0))" }.joined(separator: ", "),
                ColorMap.image(of: owners))
        }
    }

    /// A color for a place: left green to right red, top yellow to bottom blue.
    private static func place(x: Float, y: Float) -> PixelColor {
        PixelColor(lightness: 0.74 - 0.14 * y, a: 0.28 * (min(1, max(0, x)) - 0.5), b: 0.28 * (0.5 - min(1, max(0, y))))
    }

    /// What the first categories of ``ColorMap`` look like.
    private static func colorName(_ index: Int) -> String { ["red", "mint", "violet"][index % 3] }

    // MARK: Features and transfer

    /// Feature maps as colors: each of the first three channels from its 2nd to its 98th percentile over all maps.
    private static func componentPictures(_ maps: [FeatureMap]) -> [RGBImage] {
        let ranges = (0..<3).map { channel -> (low: Float, high: Float) in
            let values = maps.flatMap { map in
                channel < map.channels
                    ? stride(from: channel, to: map.values.count, by: map.channels).map { map.values[$0] } : []
            }.sorted()
            guard let last = values.indices.last else { return (0, 1) }
            return (values[last * 2 / 100], values[last * 98 / 100])
        }
        return maps.map { map in
            var samples = [Float](repeating: 0.5, count: map.pixelCount * 3)
            for pixel in 0..<map.pixelCount {
                for channel in 0..<min(3, map.channels) {
                    let (low, high) = ranges[channel]
                    let value = map.values[pixel * map.channels + channel]
                    samples[3 * pixel + channel] = high > low ? min(1, max(0, (value - low) / (high - low))) : 0.5
                }
            }
            return RGBImage(width: map.width, height: map.height, samples: samples)
        }
    }

    /// The gains about 1 and the offsets about 0, each with its scale.
    private mutating func addTransfer(_ transfer: FeatureMap, shownWidth: Int?) {
        let channels = ["L*", "a*", "b*"]
        for index in 0..<min(6, transfer.channels) {
            let isGain = index < 3
            let values = stride(from: index, to: transfer.values.count, by: transfer.channels).map {
                transfer.values[$0]
            }
            let picture = ColorScale.diverging(
                width: transfer.width, height: transfer.height, values: values, center: isGain ? 1 : 0,
                least: isGain ? 0.1 : 1, shownWidth: shownWidth)
            let channel = channels[index % 3]
            add(
                (isGain ? "gain-" : "offset-") + channel.prefix(1), (isGain ? "gain a of " : "offset b of ") + channel,
                isGain ? "red stretches, blue flattens" : "red raises, blue lowers", picture)
        }
    }
}
