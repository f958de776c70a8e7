import Config
import Digests
import Foundation
import ImageFiles
import NCTEngine

/// An engine ready to work, with all that its results must say about where they came from.
public struct PreparedEngine: Sendable {
    public internal(set) var normalizer: any ImageNormalizer
    public let profile: Profile
    /// Nil where the references were named by options.
    let origin: Sidecar.ProfileOrigin?
    /// Nil for a method that uses none.
    public let features: Sidecar.Features?
    /// Nil for a method that goes by none.
    public internal(set) var palettes: Sidecar.Palettes?
    /// The references with their digests, in the profile's order.
    public let references: [Sidecar.FileOrigin]
    /// The references' pictures, in the same order, without what of them is no data.
    public var referenceImages: [RGBImage] { referenceFields.map(\.image) }
    private let referenceFields: [FieldImage]
    /// Micrometers a pixel of the references, where each says it.
    private let micrometersPerPixel: Double?
    /// What is done about the light of captures.
    public var light: LightCorrection
    /// The threads that each capture is worked on with.
    public let workers: Workers
    /// What the user should be told: a damaged cache, or one that could not be written.
    public let notices: [String]

    /// Loads the weights and the references of a profile and prepares them.
    ///
    /// - Parameters:
    ///   - cache: where prepared references are kept between runs; nil keeps none. A cache that cannot be read or
    ///     written is a notice, not an error.
    ///   - learned: the palette of the captures' lab, learned from them; a palette that the profile names comes first.
    ///   - loaded: weights that other engines use as well, loaded deep enough for this profile; nil loads them.
    ///
    /// Throws ``JobFailure`` naming the file: weights that are missing or damaged, references that cannot be read or
    /// cannot serve.
    public init(
        profile: Profile, workers: Workers, cache: CacheDirectory?, captures learned: LabPalette? = nil,
        features loaded: FeatureSource? = nil
    ) throws {
        self.profile = profile
        origin = profile.path.map {
            Sidecar.ProfileOrigin(
                name: profile.name, path: Self.absolute($0), sha256: FileDigest.sha256(Array(profile.text.utf8)))
        }
        let (labPalettes, described) = try PaletteFile.palettes(of: profile, learned: learned)
        palettes = described
        self.workers = workers
        light = try LightCorrection(profile.flatField, workers: workers)
        let source =
            profile.method.usesFeatures
            ? try loaded
                ?? FeatureSource.load(
                    profile.features, configured: profile.weights, upToLevel: profile.parameters.deepestLevel) : nil
        features = source.map { source in
            Sidecar.Features(
                extractor: source.extractor.identifier, sha256: source.extractor.digest,
                weights: source.weights.map(Self.absolute))
        }

        var warnings: [String] = []
        if let source,
            let notice = FeatureSource.notice(
                profile.features, configured: profile.weights, used: source.weights)
        {
            warnings.append(notice)
        }
        var images: [RGBImage] = []
        var scales: [Double] = []
        var origins: [Sidecar.FileOrigin] = []
        for path in profile.references {
            do {
                let bytes = try InputFile.read(path: path, limits: ImageLimits())
                let file = try ImageReader.decode(bytes, name: path)
                images.append(file.image)
                file.metadata.micrometersPerPixel.map { scales.append($0) }
                warnings += file.metadata.warnings.map { "\(path): \($0)" }
                origins.append(Sidecar.FileOrigin(path: Self.absolute(path), sha256: FileDigest.sha256(bytes)))
            } catch {
                throw JobFailure(error, file: path)
            }
        }
        references = origins
        micrometersPerPixel = scales.count == images.count ? scales.sorted()[scales.count / 2] : nil
        referenceFields = images.map { FieldImage(ofDataIn: $0, workers: workers) }

        if let source {
            let transfer = try Self.transfer(
                profile, source: source, references: images, palettes: labPalettes, workers: workers, cache: cache)
            (normalizer, notices) = (transfer.normalizer, warnings + transfer.notices)
        } else {
            // What a baseline measures is measured again in less time than a cache takes.
            do {
                normalizer = try BaselineNormalizer(
                    method: profile.method, references: images, parameters: profile.baselineParameters,
                    palettes: labPalettes, seed: profile.parameters.seed, thresholds: profile.thresholds,
                    workers: workers)
            } catch let error as EngineError {
                throw Self.failure(error, profile)
            }
            notices = warnings
        }
    }

    /// How much larger things are in a capture than in the references, where both say how large their pixels are.
    func scaleRatio(to capture: ImageMetadata) -> Double? {
        guard let own = micrometersPerPixel, let other = capture.micrometersPerPixel else { return nil }
        return own / other
    }

    /// What the references show and whether they can stand for a lab, looked at as captures are: what `nctd profile check`
    /// and `nctd check` hold a profile to.
    public func reviewReferences(workers: Workers) -> ReferenceReview {
        let inspections = referenceFields.map { ReferenceInspection($0, workers: workers) }
        return ReferenceReview(
            problems: zip(references, inspections).compactMap { origin, inspection in
                inspection.problem.map {
                    JobFailure(
                        file: origin.path, cause: "cannot serve as a reference: \($0)",
                        remedy: "choose an ordinary field of the training lab, such as by nctd profile suggest")
                }
            },
            shortcomings: ReferenceInspection.shortcomings(of: referenceImages, inspections),
            summaries: inspections.map(\.summary))
    }

    /// Color transfer with its references, prepared or from the cache.
    private static func transfer(
        _ profile: Profile, source: FeatureSource, references images: [RGBImage], palettes: LabPalettes,
        workers: Workers, cache: CacheDirectory?
    ) throws -> (normalizer: Normalizer, notices: [String]) {
        let parameters = profile.parameters
        var notices: [String] = []
        let key = Normalizer.cacheKey(extractor: source.extractor, references: images, parameters: parameters)
        func prepare(_ bytes: [UInt8]?) throws -> Normalizer {
            do {
                return try Normalizer(
                    extractor: source.extractor, references: images, parameters: parameters, palettes: palettes,
                    thresholds: profile.thresholds, workers: workers, cache: bytes)
            } catch let error as EngineError where error.code != .invalidCache {
                throw failure(error, profile)
            }
        }
        var prepared: Normalizer?
        if let cache, let bytes = cache.read(key: key) {
            do {
                prepared = try prepare(bytes)
            } catch let error as EngineError where error.code == .invalidCache {
                notices.append("\(cache.file(key: key)): damaged cache discarded (\(error.message)); it is made anew")
            }
        }
        let cameFromCache = prepared != nil
        let normalizer = try prepared ?? prepare(nil)
        if let cache, !cameFromCache {
            do {
                try cache.write(normalizer.cacheData(), key: key)
            } catch {
                let failure = JobFailure(error, file: cache.file(key: key))
                notices.append(
                    "\(failure.subject): the cache could not be written (\(failure.cause)); the next run prepares again"
                )
            }
        }
        return (normalizer, notices)
    }

    /// The engine knows a reference by its index; the user wants the file.
    private static func failure(_ error: EngineError, _ profile: Profile) -> JobFailure {
        guard case .reference(let index) = error.subject, profile.references.indices.contains(index) else {
            return JobFailure(error, about: profile.subject)
        }
        return JobFailure(
            file: profile.references[index], cause: "cannot serve as a reference: \(error.message)",
            remedy: error.remedy)
    }

    /// A path that means the same from any directory; links are left as they are.
    public static func absolute(_ path: String) -> String {
        let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return (full as NSString).standardizingPath
    }
}

/// What a look at a profile's references finds.
public struct ReferenceReview: Sendable {
    /// References that show no stained smear.
    public let problems: [JobFailure]
    /// What the references do not cover, one sentence each.
    public let shortcomings: [String]
    /// What each one shows, in words.
    public let summaries: [String]
}

/// SHA-256 of bytes and files, in lowercase hexadecimal.
public enum FileDigest {
    public static func sha256(_ bytes: some ContiguousBytes) -> String { SHA256.hash(bytes).hexadecimal }

    /// A digest as all of the program writes it.
    public static func text(_ digest: [UInt8]) -> String { digest.hexadecimal }

    /// Of a file, read in pieces. Throws ``JobFailure`` if it cannot be read.
    public static func sha256(path: String) throws -> String {
        do {
            return try InputFile(path: path, limits: .files).sha256()
        } catch {
            throw JobFailure(error, file: path)
        }
    }
}
