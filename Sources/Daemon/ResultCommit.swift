import Foundation
import Jobs
import Ledger
import Watching

/// Puts results into the output tree so that who sees a sidecar may read the image, whenever the process dies.
///
/// The order: the image under a hidden name, synced; an older result under the same name gets a second name as a
/// version, then loses its sidecar; the image takes its name; the sidecar likewise. Each step can be done again.
public struct ResultCommit: Sendable {
    /// The output directory.
    public let directory: [UInt8]

    public init(directory: String) { self.directory = Array(directory.utf8) }

    /// The image to commit.
    public enum Image: Sendable {
        case bytes([UInt8])
        /// A result below the output directory to link to, or to copy, and its digest.
        case existing([UInt8], linking: Bool, sha256: String)
    }

    public func full(_ output: [UInt8]) -> [UInt8] { directory + [UInt8(ascii: "/")] + output }

    /// Commits an image and its sidecar under a name below the output directory.
    ///
    /// - Parameters:
    ///   - alternative: another name that an older result of the same capture may have (held or not).
    /// - Returns: the version that an older result was kept as, now or by an attempt that died.
    ///
    /// Throws ``TreeError``; what was there before is then still there, but for a version that was already kept.
    public func commit(
        _ image: Image, sidecar: [UInt8], output: [UInt8], alternative: [UInt8]
    ) throws(TreeError) -> Ledger.KeptVersion? {
        let target = full(output)
        let folder = TreeFiles.directory(of: target)
        try TreeFiles.makeDirectories(folder)
        let temporary = TreeFiles.temporaryName(in: folder)
        try write(image, to: temporary)
        do throws(TreeError) {
            FailPoint.afterImageTemporary.pass()
            let kept = try keepOlder(output: output, alternative: alternative)
            try TreeFiles.rename(temporary, to: target)
            try TreeFiles.syncDirectory(folder)
            FailPoint.afterImageRename.pass()
            try place(sidecar, at: OutputNames.sidecar(target), folder: folder)
            return kept
        } catch {
            TreeFiles.remove(temporary)
            throw error
        }
    }

    private func write(_ image: Image, to temporary: [UInt8]) throws(TreeError) {
        switch image {
        case .bytes(let bytes): try TreeFiles.writeNew(bytes, to: temporary)
        case .existing(let earlier, let linking, let sha256):
            let isLinked = linking ? try TreeFiles.link(full(earlier), to: temporary) : false
            if !isLinked {
                try TreeFiles.writeNew(TreeFiles.read(full(earlier)), to: temporary)
            }
            // A new version may have taken the earlier name just now.
            guard try FileDigest.sha256(TreeFiles.read(temporary)) == sha256 else {
                TreeFiles.remove(temporary)
                throw TreeError(operation: "linking", path: CapturePath.printable(earlier), code: EAGAIN)
            }
        }
    }

    private func place(_ sidecar: [UInt8], at path: [UInt8], folder: [UInt8]) throws(TreeError) {
        let temporary = TreeFiles.temporaryName(in: folder)
        try TreeFiles.writeNew(sidecar, to: temporary)
        FailPoint.afterSidecarTemporary.pass()
        do throws(TreeError) {
            try TreeFiles.rename(temporary, to: path)
        } catch {
            TreeFiles.remove(temporary)
            throw error
        }
        try TreeFiles.syncDirectory(folder)
        FailPoint.afterSidecarRename.pass()
    }

    /// Keeps the committed result that the capture has now, if it has one, and takes away its sidecar.
    private func keepOlder(output: [UInt8], alternative: [UInt8]) throws(TreeError) -> Ledger.KeptVersion? {
        var kept: Ledger.KeptVersion?
        for place in [output, alternative] {
            let image = full(place)
            let sidecar = OutputNames.sidecar(image)
            guard TreeFiles.exists(sidecar) else { continue }
            let number = try self.number(for: place, sidecar: sidecar, after: latestVersion(of: place)?.number ?? 0)
            let version = OutputNames.version(image, number)
            if TreeFiles.exists(image) {
                try TreeFiles.linkOrCopy(image, to: version)
                try TreeFiles.linkOrCopy(sidecar, to: OutputNames.sidecar(version))
                try TreeFiles.syncDirectory(TreeFiles.directory(of: image))
                kept = Ledger.KeptVersion(number: number, output: OutputNames.version(place, number))
            }
            FailPoint.afterOlderKept.pass()
            try TreeFiles.removeSurely(sidecar)
            if place != output { try TreeFiles.removeSurely(image) }
            try TreeFiles.syncDirectory(TreeFiles.directory(of: image))
            FailPoint.afterOlderSidecarRemoved.pass()
        }
        return kept ?? latestVersion(of: output) ?? latestVersion(of: alternative)
    }

    /// The next number, or the last one if an attempt that died already kept this very result.
    private func number(for place: [UInt8], sidecar: [UInt8], after last: Int) throws(TreeError) -> Int {
        guard last > 0 else { return 1 }
        let kept = OutputNames.sidecar(OutputNames.version(full(place), last))
        guard TreeFiles.exists(kept) else { return last + 1 }
        return try TreeFiles.read(kept) == TreeFiles.read(sidecar) ? last : last + 1
    }

    private func latestVersion(of place: [UInt8]) -> Ledger.KeptVersion? {
        var number = 0
        while TreeFiles.exists(OutputNames.sidecar(OutputNames.version(full(place), number + 1))) { number += 1 }
        return number == 0
            ? nil : Ledger.KeptVersion(number: number, output: OutputNames.version(place, number))
    }

    /// The sidecar of a committed result whose image is the one it speaks of; nil if there is none, or if it is not
    /// sound.
    public func soundSidecar(of output: [UInt8]) -> Sidecar? {
        guard let sidecar = sidecar(of: output), let image = try? TreeFiles.read(full(output)),
            image.count == sidecar.output.bytes, FileDigest.sha256(image) == sidecar.output.sha256
        else { return nil }
        return sidecar
    }

    /// The sidecar beside an image below the output directory; nil if there is none that can be read.
    public func sidecar(of output: [UInt8]) -> Sidecar? {
        guard let json = try? TreeFiles.read(OutputNames.sidecar(full(output))) else { return nil }
        return try? Sidecar(json: json)
    }
}
