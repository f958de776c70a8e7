import NCTEngine

/// A question to a normalizer with its exact answer.
public struct PhantomPair: Sendable {
    /// Scene X in the source's stain.
    public let source: RGBImage
    /// Scene X in the references' stain: what a perfect normalizer would return. It has the source's blur, which no
    /// color transfer undoes, and no noise.
    public let truth: RGBImage
    /// Other scenes with the same kinds of cells, in the references' stain.
    public let references: [RGBImage]
    public let scene: SmearScene
    public let referenceScenes: [SmearScene]

    /// The true class of every pixel of `source` and `truth`.
    public var classes: LabelMap<SmearClass> { scene.classes }
}

/// Ready-made phantoms: pairs for measuring a normalizer, and the fields that it should complain about.
public enum SmearPhantom {
    /// Scene X in one stain, the same scene in another, and references in the other that show other scenes.
    ///
    /// The references hold the kinds of white cells that X holds, and platelets if X has any, since a color that no
    /// reference shows cannot be transferred.
    public static func pair(
        seed: UInt64, source: Stain, reference: Stain, width: Int = 640, height: Int = 480,
        options: SceneOptions = SceneOptions(), referenceCount: Int = 1
    ) -> PhantomPair {
        let scene = SmearScene(seed: seed, width: width, height: height, options: options)
        var truthStain = reference.noiseless
        truthStain.blurSigma = source.blurSigma
        var similar = options
        similar.whiteCellKinds = scene.whiteCellKinds
        similar.whiteCellCount = scene.whiteCellKinds.count
        let platelets = scene.boxes.filter { $0.kind == .platelet }.count
        similar.plateletCount = platelets == 0 ? 0 : max(2, platelets)
        let scenes = (0..<referenceCount).map { index in
            SmearScene(
                seed: SeededGenerator.mix(seed &+ UInt64(index + 1) &* 0x5C3E_0001), width: width, height: height,
                options: similar)
        }
        return PhantomPair(
            source: scene.render(in: source, noiseSeed: seed), truth: scene.render(in: truthStain),
            references: scenes.enumerated().map { $1.render(in: reference, noiseSeed: seed &+ UInt64($0) &+ 1) },
            scene: scene, referenceScenes: scenes)
    }

    /// An empty field: background, falloff and noise, no cell.
    public static func blankField(
        seed: UInt64, stain: Stain = .labB, width: Int = 640, height: Int = 480
    ) -> RGBImage {
        let options = SceneOptions(whiteCellCount: 0, redCellCount: 0, plateletCount: 0)
        return SmearScene(seed: seed, width: width, height: height, options: options)
            .render(in: stain, noiseSeed: seed)
    }

    /// Red cells and platelets, no white cell.
    public static func fieldWithoutWhiteCells(
        seed: UInt64, stain: Stain = .labB, width: Int = 640, height: Int = 480
    ) -> RGBImage {
        SmearScene(seed: seed, width: width, height: height, options: SceneOptions(whiteCellCount: 0))
            .render(in: stain, noiseSeed: seed)
    }

    /// A field far out of focus: blurred by a twelfth of a red cell's diameter or more.
    public static func outOfFocus(
        seed: UInt64, stain: Stain = .labB, width: Int = 640, height: Int = 480,
        options: SceneOptions = SceneOptions()
    ) -> RGBImage {
        var blurred = stain
        blurred.blurSigma = max(4 * stain.blurSigma, options.diameter(width: width, height: height) / 12)
        return SmearScene(seed: seed, width: width, height: height, options: options)
            .render(in: blurred, noiseSeed: seed)
    }
}
