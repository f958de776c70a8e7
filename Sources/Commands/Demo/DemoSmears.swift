import NCTEngine
import SmearPhantom

/// The synthetic smears of the demo: captures of one lab, references of another, and what the captures would look like
/// had the other lab stained them.
struct DemoSmears {
    struct Capture {
        var name: String
        /// The scene in lab B's stain.
        var image: RGBImage
        /// The same scene in lab A's stain, without noise: the exact right answer.
        var truth: RGBImage
    }

    let captures: [Capture]
    /// Other scenes in lab A's stain, which together show all kinds of cells.
    let references: [RGBImage]

    /// The same seed gives the same smears.
    init(seed: UInt64, count: Int, width: Int, height: Int) {
        let groups: [[WhiteCellKind]] = [
            [.segmentedNeutrophil, .lymphocyte], [.eosinophil, .monocyte, .bandNeutrophil], [.basophil, .other],
        ]
        references = groups.enumerated().map { index, kinds in
            var options = SceneOptions(whiteCellKinds: kinds)
            options.whiteCellCount = kinds.count
            options.plateletCount = 3
            return SmearScene(seed: seed &+ 1000 &+ UInt64(index), width: width, height: height, options: options)
                .render(in: .labA, noiseSeed: seed &+ 2000 &+ UInt64(index))
        }
        captures = (0..<count).map { index in
            let scene = SmearScene(seed: seed &+ UInt64(index), width: width, height: height)
            var stain = Stain.labA.noiseless
            stain.blurSigma = Stain.labB.blurSigma
            return Capture(
                name: "capture-\(index + 1)",
                image: scene.render(in: .labB, noiseSeed: seed &+ 3000 &+ UInt64(index)),
                truth: scene.render(in: stain, noiseSeed: 0))
        }
    }
}
