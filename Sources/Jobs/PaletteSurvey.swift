import Config
import NCTEngine

/// A lab's palette from its images, which are looked at one after the other.
public struct PaletteSurvey: Sendable {
    private var learner = PaletteLearner()
    private let light: LightCorrection
    private let workers: Workers
    public private(set) var failures: [JobFailure] = []
    /// Images that show no smear.
    public private(set) var passedOver: [String] = []

    /// More images tell nothing more of a lab.
    public static let enough = 300

    /// - Parameter light: what is done about the images' light first.
    public init(under light: LightCorrection = .none, workers: Workers) {
        self.light = light
        self.workers = workers
    }

    /// Images that showed a smear.
    public var images: Int { learner.images }

    /// Looks at one image; what goes wrong with it is noted in ``failures``.
    ///
    /// - Parameters:
    ///   - name: as people are told of it.
    ///   - read: gives the image.
    public mutating func look(at name: String, _ read: () throws -> RGBImage) {
        do {
            let image = try light.corrected(try read(), workers: workers).image
            if !learner.add(image, workers: workers) { passedOver.append(name) }
        } catch {
            failures.append(JobFailure(error, file: name))
        }
    }

    /// Throws ``EngineError/Code/invalidPalette`` if no image shows a smear.
    public func palette() throws -> LabPalette { try learner.palette(workers: workers) }

    /// Of more than ``enough`` files as many, evenly spread.
    public static func spread<File>(_ files: [File]) -> [File] {
        guard files.count > enough else { return files }
        return (0..<enough).map { files[$0 * files.count / enough] }
    }
}

extension Profile {
    /// Whether captures go by the palette of their lab, and it is to be learned from them.
    public var learnsPalette: Bool {
        let aligns = parameters.aligns || method != .colorTransfer
        return method.usesPalettes && aligns && capturePalette == nil
    }

    /// Whether the light of captures is to be learned from them.
    public var learnsLight: Bool { flatField == .automatic }
}
