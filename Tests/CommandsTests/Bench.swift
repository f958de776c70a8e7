import Commands
import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import Synchronization
import TestSupport

/// A workspace with a small synthetic reference and means to run `nctd` in it.
///
/// Level 1 and the built-in network keep it fast: 96 × 72 pixels take a few hundredths of a second.
struct Bench {
    let space: Workspace
    /// A reference in lab A's stain.
    let reference: String

    init() throws {
        space = try Workspace()
        reference = try space.write(try Self.encode(Self.smear(seed: 900, stain: .labA)), to: "reference.png")
    }

    static func smear(seed: UInt64, stain: Stain = .labB, width: Int = 96, height: Int = 72) -> RGBImage {
        SmearScene(seed: seed, width: width, height: height).render(in: stain, noiseSeed: seed)
    }

    static func encode(_ image: RGBImage, as format: ImageFormat = .png, bitDepth: Int = 8) throws -> [UInt8] {
        try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: format, bitDepth: bitDepth))
    }

    /// Writes a capture in lab B's stain and returns its path.
    @discardableResult
    func capture(_ name: String, seed: UInt64 = 1, as format: ImageFormat = .png) throws -> String {
        try space.write(try Self.encode(Self.smear(seed: seed), as: format), to: name)
    }

    /// What every test run shares: no weights and no cache of the machine's own.
    static let environment: [String: String?] = ["NCTD_MODELS": nil, "XDG_CACHE_HOME": nil]

    /// `nctd` as a process of its own.
    func nctd(_ arguments: String...) throws -> Subprocess.Result {
        try Subprocess.run(Subprocess.nctd, arguments, in: space.path, environment: Self.environment)
    }

    /// `nctd normalize INPUTS --reference … --output out` at level 1, without cache.
    func normalize(_ inputs: [String], _ more: String...) throws -> Subprocess.Result {
        try Subprocess.run(
            Subprocess.nctd,
            ["normalize"] + inputs + ["--reference", reference, "--output", "out", "--layer", "1", "--no-cache"] + more,
            in: space.path, environment: Self.environment)
    }
}
