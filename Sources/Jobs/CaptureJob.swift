import Config
import Foundation
import ImageFiles
import NCTEngine

/// One capture to be normalized: read, repaint, judge, write the image, then its sidecar.
public struct CaptureJob: Sendable, Equatable {
    /// The file as it is named to people, and in the sidecar.
    public var input: String
    /// The file as the file system has it.
    public var inputBytes: [UInt8]
    /// The image to write; its sidecar has `.json` appended.
    public var output: String
    public var format: ImageFormat
    /// Replace an image that is already there.
    public var overwrite: Bool
    /// Leave an image that is already there, whatever it was made with.
    public var keepsOthers: Bool
    /// The image to write if the profile holds the result back, apart from all that is delivered: by default in the
    /// directory `FOLDER.held` beside the output's folder.
    public var heldOutput: String
    /// What the capture may take of memory, bytes; a larger one fails before it is read.
    public var memory: Int
    /// Which page of the file, from 1 on; nil as the profile says.
    public var page: Int?

    /// - Parameter inputBytes: nil for those of the text.
    public init(
        input: String, inputBytes: [UInt8]? = nil, output: String, heldOutput: String? = nil,
        format: ImageFormat = .png, overwrite: Bool = false, keepsOthers: Bool = false,
        memory: Int = MachineMemory.forCaptures(),
        page: Int? = nil
    ) {
        self.input = input
        self.inputBytes = inputBytes ?? Array(input.utf8)
        self.output = output
        let folder = OutputSettings.heldDirectory(beside: (output as NSString).deletingLastPathComponent)
        self.heldOutput =
            heldOutput ?? (folder as NSString).appendingPathComponent((output as NSString).lastPathComponent)
        self.memory = memory
        self.page = page
        self.format = format
        self.overwrite = overwrite
        self.keepsOthers = keepsOthers
    }

    /// What a finished job left.
    public struct Result: Sendable {
        /// Where the image went: the job's output, or its `heldOutput`.
        public var output: String
        public var sidecar: Sidecar
        public var source: RGBImage
        /// What the method saw: the source under even light, where its own was not.
        public var corrected: LightCorrection.Corrected
        public var normalization: Normalization
    }

    /// The result of this very capture, if it is there already: made by this engine with these settings, or by any where
    /// others are kept. Its image must be the one that its sidecar speaks of.
    public func finished(on engine: PreparedEngine) throws -> (output: String, sidecar: Sidecar)? {
        guard !overwrite else { return nil }
        for path in [output, heldOutput] {
            guard let json = try? InputFile.read(path: Self.sidecarPath(ofImage: path), limits: .files),
                let sidecar = try? Sidecar(json: json),
                let image = try? FileDigest.sha256(path: path), image == sidecar.output.sha256
            else { continue }
            let digest: String
            do {
                digest = try InputFile(bytes: inputBytes, path: input, limits: .files).sha256()
            } catch {
                throw JobFailure(error, file: input)
            }
            guard sidecar.source.sha256 == digest else { continue }
            if try keepsOthers || sidecar.identity == engine.identity(ofCapture: digest, page: page, format: format) {
                return (path, sidecar)
            }
        }
        return nil
    }

    public static func sidecarPath(ofImage path: String) -> String { path + ".json" }

    /// Does the job.
    ///
    /// - Parameters:
    ///   - keepingStages: the result's normalization has pictures of what happened inside.
    ///   - writing: wraps the two writes, so that the caller can keep an interruption from falling between them.
    ///   - onStage: the name of each stage as it ends, on the caller's thread.
    ///
    /// Throws ``JobFailure`` with the file, the cause and the remedy. Nothing half written is left: the image is whole
    /// or absent, and an image whose sidecar could not be written is taken away again.
    public func run(
        on engine: PreparedEngine, keepingStages: Bool = false,
        writing: (_ body: () throws -> Void) throws -> Void = { try $0() },
        onStage: @escaping (String) -> Void = { _ in }
    ) throws -> Result {
        do {
            return try perform(engine, keepingStages: keepingStages, writing: writing, onStage: onStage)
        } catch {
            throw JobFailure(error, file: input)
        }
    }

    private func perform(
        _ engine: PreparedEngine, keepingStages: Bool, writing: (() throws -> Void) throws -> Void,
        onStage: @escaping (String) -> Void
    ) throws -> Result {
        if !overwrite {
            for path in [output, heldOutput] where FileManager.default.fileExists(atPath: path) {
                throw JobFailure(
                    file: input, cause: "the result \(path) exists",
                    remedy:
                        "use --overwrite to replace it, or --skip-existing to leave what was made of the same capture "
                        + "otherwise (with other settings, or beside other captures, which the colors of their lab are "
                        + "learned from)")
            }
        }
        var stopwatch = Stopwatch()
        let bytes = try readAdmitted(for: engine)
        var reading = engine.profile.reading()
        if let page { reading.page = page }
        var file = try ImageReader.decode(bytes, name: input, options: reading)
        if let notes = CompanionNotes.beside(inputBytes) { file.metadata.add(notes) }
        stopwatch.lap("decoding")
        onStage("decoding")
        let rendering = try CaptureRendering(
            file, of: Sidecar.Source(file, path: input, bytes: bytes), on: engine, format: format,
            keepingStages: keepingStages, stopwatch: stopwatch, onStage: onStage,
            target: { $0 == .held ? heldOutput : output })
        var sidecar = rendering.sidecar
        sidecar.identity = try engine.identity(ofCapture: sidecar.source.sha256, page: page, format: format)
        let json = try sidecar.json()
        let target = rendering.target
        try writing { try write(rendering.encoded, json, to: target) }
        return Result(
            output: target, sidecar: sidecar, source: file.image,
            corrected: rendering.corrected, normalization: rendering.normalization)
    }

    /// The file's bytes, if working on it takes no more memory than it may.
    private func readAdmitted(for engine: PreparedEngine) throws -> [UInt8] {
        try AdmittedFile.bytes(
            ofFileAt: inputBytes, name: input,
            for: CaptureMemory(engine.profile, usingVGG: engine.features?.weights != nil), memory: memory)
    }

    private func write(_ image: [UInt8], _ sidecar: [UInt8], to path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        do {
            if !folder.isEmpty { try SystemError.makeFolder(folder) }
        } catch {
            throw JobFailure(
                file: folder, cause: "the folder cannot be made (\(error))",
                remedy: "name an --output directory that you may write to")
        }
        let sidecarPath = Self.sidecarPath(ofImage: path)
        if overwrite { try? FileManager.default.removeItem(atPath: sidecarPath) }
        try OutputFile.write(image, to: path, overwrite: overwrite)
        do {
            try OutputFile.write(sidecar, to: sidecarPath, overwrite: true)
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }
}

/// What becomes of a decoded capture, in memory: the image's bytes and its sidecar, for whoever writes them.
public struct CaptureRendering: Sendable {
    public let encoded: [UInt8]
    public var sidecar: Sidecar
    public let normalization: Normalization
    /// What the method saw.
    public let corrected: LightCorrection.Corrected
    /// Where the image goes.
    public let target: String

    /// Normalizes, judges and encodes.
    ///
    /// - Parameters:
    ///   - source: what the sidecar says of the capture.
    ///   - stopwatch: has the times of what was done before.
    ///   - target: the image's path for what the profile makes of the verdict.
    ///
    /// Throws `EngineError` and `ImageFileError`.
    public init(
        _ file: ImageFile, of source: Sidecar.Source, on engine: PreparedEngine, format: ImageFormat,
        keepingStages: Bool = false, stopwatch: Stopwatch, onStage: @escaping (String) -> Void = { _ in },
        target placing: (Sidecar.Delivery) -> String
    ) throws {
        var stopwatch = stopwatch
        let corrected = try engine.light.corrected(file.image, workers: engine.workers)
        if corrected.field != nil {
            stopwatch.lap("light")
            onStage("light")
        }
        var result = try engine.normalizer.normalize(corrected.image, keepingStages: keepingStages) { stage in
            stopwatch.lap(stage.rawValue)
            onStage(stage.rawValue)
        }
        stopwatch.skip()

        let bitDepth = format == .jpeg || format == .bmp ? 8 : file.metadata.bitDepth > 8 ? 16 : 8
        let encoded = try ImageWriter.encode(
            ImageFile(image: result.image, metadata: file.metadata),
            options: ImageWriteOptions(format: format, bitDepth: bitDepth))
        stopwatch.lap("encoding")
        onStage("encoding")

        if let ratio = engine.scaleRatio(to: file.metadata) {
            result.quality.note(scaleRatio: ratio, engine.profile.thresholds.rules)
        }
        let quality = result.quality
        let isGood = quality.verdict == .good
        let delivery: Sidecar.Delivery =
            isGood || engine.profile.belowThreshold == .deliver
            ? .delivered : engine.profile.belowThreshold == .hold ? .held : .flagged
        let target = placing(delivery)
        let sidecar = Sidecar(
            createdAt: Timestamp.text(Date()), host: Host.name,
            engineVersion: EngineVersion.current, method: engine.profile.method.rawValue,
            source: source,
            profile: engine.origin, references: engine.references,
            referenceChoice: Sidecar.ReferenceChoice(
                result, profile: engine.profile),
            parameters: Sidecar.MethodParameters(engine.profile), seed: engine.profile.parameters.seed,
            palettes: engine.palettes, features: engine.features, flatField: corrected.record,
            transfer: result.transfer,
            quality: Sidecar.Quality(quality),
            verdict: Sidecar.Verdict(quality, engine.profile.thresholds.rules, delivery: delivery),
            timingsMs: stopwatch.milliseconds,
            output: Sidecar.Output(
                path: PreparedEngine.absolute(target), bytes: encoded.count, sha256: FileDigest.sha256(encoded),
                format: format.rawValue, bitDepth: bitDepth),
            warnings: file.metadata.warnings)
        (self.encoded, self.sidecar, self.normalization, self.target) = (encoded, sidecar, result, target)
        self.corrected = corrected
    }
}

extension Sidecar.Source {
    init(_ file: ImageFile, path: String, bytes: [UInt8]) {
        self.init(
            file, path: PreparedEngine.absolute(path), bytes: bytes.count, sha256: FileDigest.sha256(bytes))
    }

    /// What the sidecar says of a capture that was decoded.
    public init(_ file: ImageFile, path: String, bytes: Int, sha256: String) {
        self.init(
            path: path, bytes: bytes, sha256: sha256,
            width: file.image.width, height: file.image.height, format: file.metadata.format.rawValue,
            bitDepth: file.metadata.bitDepth, sampleBits: file.metadata.sampleBits,
            colorConversion: file.metadata.colorConversion,
            page: file.metadata.pageCount > 1 ? file.metadata.page : nil,
            pages: file.metadata.pageCount > 1 ? file.metadata.pageCount : nil,
            capturedAt: file.metadata.capturedAt, make: file.metadata.make,
            model: file.metadata.model, software: file.metadata.software, objective: file.metadata.objective,
            exposureSeconds: file.metadata.exposure, micrometersPerPixel: file.metadata.micrometersPerPixel)
    }
}
