import Config
import Files
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
            guard let json = try? InputFile.read(path: SidecarName.of(path), limits: .files),
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
        var capture = CaptureFile(
            try AdmittedFile.bytes(
                ofFileAt: inputBytes, name: input,
                for: CaptureMemory(engine.profile, usingVGG: engine.features?.weights != nil), memory: memory))
        capture.notes = CompanionNotes.beside(inputBytes)
        var reading = engine.profile.reading()
        if let page { reading.page = page }
        let decoded = try capture.decoded(name: input, options: reading)
        onStage("decoding")
        let rendering = try CaptureRendering(
            decoded.file, of: decoded.source(path: PreparedEngine.absolute(input)), on: engine, format: format,
            keepingStages: keepingStages, stopwatch: decoded.stopwatch, onStage: onStage,
            target: { $0 == .held ? heldOutput : output })
        var sidecar = rendering.sidecar
        sidecar.identity = try engine.identity(ofCapture: capture.digest, page: page, format: format)
        let json = try sidecar.json()
        let target = rendering.target
        try writing { try write(rendering.encoded, json, to: target) }
        return Result(
            output: target, sidecar: sidecar, source: decoded.file.image,
            corrected: rendering.corrected, normalization: rendering.normalization)
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
        let name = Array(path.utf8)
        var isImageThere = false
        let placing = ResultPlacing<Errno>(
            writeNew: { bytes, file throws(Errno) in try NewFile.write(bytes, at: file) },
            rename: { old, new throws(Errno) in
                try NewFile.rename(old, to: new, overwrite: overwrite || isImageThere)
            },
            // That names last cannot be had everywhere.
            sync: { folder in try? DurableDirectory.sync(folder) })
        do throws(Errno) {
            try placing.put(
                sidecar, of: name, image: { file throws(Errno) in try placing.writeNew(image, file) },
                makingRoom: { if overwrite { NewFile.remove(SidecarName.of(name)) } },
                onStep: { if $0 == .imageNamed { isImageThere = true } })
        } catch {
            if isImageThere { NewFile.remove(name) }
            throw OutputFile.failure(error, isImageThere ? SidecarName.of(path) : path)
        }
    }
}
