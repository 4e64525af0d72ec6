import * as fs from "node:fs"
import { PortFailure } from "../../ports/PortFailure.ts"
import { LastWrite } from "../../ports/platform/PartStates.ts"
import { diskFailure } from "./failures.ts"
import { segmentFile, syncFolder } from "./Segments.ts"
import type { Place } from "./Segments.ts"
import { SegmentTail } from "./SegmentTail.ts"

/** Bytes that may wait for the disk; over it an append fails as overloaded instead of growing the process. */
export const pendingBytesMax = 64 * 1024 * 1024

/** What must fit behind the last line for a log that could not be written to count as writable again. */
export const roomProbeBytes = 64 * 1024

/**
 * Appends in one write from which on the next one waits for `gatherMillis`: where so many come at once, many more are on
 * their way, and a write costs the processor as much as several of them. (PostgreSQL's commit_siblings and commit_delay.)
 */
const crowd = 8
const gatherMillis = 1

/**
 * With `O_DSYNC` a write ends when it is durable, as write and fdatasync would (open(2) of Linux): one turn through the
 * pool of threads in the place of two.
 */
const syncsOnWrite = process.platform === "linux" && process.versions["bun"] === undefined

type Done = (failure: PortFailure | undefined) => void

/**
 * Writes lines to the newest segment with group commit: what arrives while a write and its fdatasync are under way
 * goes to the disk together with one write and one sync.
 */
export class SegmentWriter {
  readonly tail = new SegmentTail()
  readonly lastWrite = new LastWrite()
  private readonly folder: string
  private readonly segmentBytesMax: number
  private readonly listeners = new Set<() => void>()
  private descriptor: number | undefined
  private segment: number
  private written: number
  /** Bytes behind `written` may be on the disk after a failed write: they are cut before anything else is written. */
  private torn = false
  private texts: Array<string> = []
  private waiting: Array<Done> = []
  private pendingBytes = 0
  private failing = false
  /** The segment ends with what it holds, however short. */
  private sealing = false
  private flushing = false
  private crowded = false
  private closing: (() => void) | undefined
  private closed = false

  constructor(folder: string, segment: number, written: number, segmentBytesMax: number) {
    this.folder = folder
    this.segment = segment
    this.written = written
    this.segmentBytesMax = segmentBytesMax
  }

  /** Everything before this place is durable; nothing behind it may be read. */
  get end(): Place {
    return { segment: this.segment, offset: this.written }
  }

  /** Bytes that wait for the write under way to end. */
  get bytesWaiting(): number {
    return this.pendingBytes
  }

  /** Answers when the text is durable; for no text, whether one could be written, by trying it where the last failed. */
  append(text: string, done: Done): void {
    if (this.closed || this.closing !== undefined) return done(refusal("unavailable", "the log is closing"))
    if (text === "" && !this.failing) return done(undefined)
    if (this.pendingBytes + text.length > pendingBytesMax) {
      return done(refusal("overloaded", `${pendingBytesMax} bytes wait for the disk already`))
    }
    this.pendingBytes += text.length
    this.texts.push(text)
    this.waiting.push(done)
    this.flushSoon()
  }

  /** What else comes in this turn of the event loop, or in a moment where many come, goes with it. */
  private flushSoon(): void {
    if (this.flushing) return
    this.flushing = true
    if (this.crowded) setTimeout(() => this.flush(), gatherMillis)
    else setImmediate(() => this.flush())
  }

  /** What is durable now lies in segments that are not written to any more, once it answers. */
  seal(done: Done): void {
    if (this.closed || this.closing !== undefined) return done(refusal("unavailable", "the log is closing"))
    this.sealing = true
    this.texts.push("")
    this.waiting.push(done)
    this.flushSoon()
  }

  /** Calls back once after the next durable write. Answers the way to stop listening. */
  onAppend(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Resolves when everything accepted is durable and the file is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        this.closed = true
        if (this.descriptor !== undefined) fs.closeSync(this.descriptor)
        this.descriptor = undefined
        this.wakeReaders()
        resolve()
      }
      if (this.flushing) this.closing = finish
      else finish()
    })
  }

  private flush(): void {
    this.flushing = true
    const texts = this.texts
    const waiting = this.waiting
    this.texts = []
    this.waiting = []
    this.pendingBytes = 0
    this.write(Buffer.from(texts.join(""), "utf8"), (failure) => {
      this.lastWrite.note(failure, Date.now())
      this.failing = failure !== undefined
      for (const done of waiting) done(failure)
      if (failure === undefined) this.wakeReaders()
      this.flushing = false
      this.crowded = waiting.length >= crowd
      if (this.waiting.length > 0) this.flushSoon()
      else this.closing?.()
    })
  }

  private write(lines: Buffer, done: Done): void {
    const isProbe = lines.length === 0
    const bytes = isProbe ? Buffer.alloc(roomProbeBytes, " ") : lines
    let descriptor: number
    try {
      descriptor = this.ready()
    } catch (cause) {
      return done(diskFailure("append", cause))
    }
    const fail = (cause: unknown) => {
      this.cutTail()
      done(diskFailure("append", cause))
    }
    const durable = () => {
      if (isProbe) this.cutTail()
      else {
        this.tail.add(this.end, bytes)
        this.written += bytes.length
      }
      done(undefined)
    }
    const writeFrom = (from: number) => {
      fs.write(descriptor, bytes, from, bytes.length - from, this.written + from, (cause, count) => {
        if (cause !== null) return fail(cause)
        if (from + count < bytes.length) return writeFrom(from + count)
        if (syncsOnWrite) return durable()
        fs.fdatasync(descriptor, (unsynced) => (unsynced === null ? durable() : fail(unsynced)))
      })
    }
    writeFrom(0)
  }

  private cutTail(): void {
    this.torn = true
    try {
      this.ready()
    } catch {
      // The tail stays torn: the next append tries to cut it again before it writes.
    }
  }

  /** The descriptor to write to: tail cut, rolled to a new segment where the old one is long enough. */
  private ready(): number {
    if (this.torn && this.descriptor !== undefined) {
      fs.ftruncateSync(this.descriptor, this.written)
      fs.fsyncSync(this.descriptor)
      this.torn = false
    }
    this.descriptor ??= openSegment(this.folder, this.segment)
    if (this.written >= this.segmentBytesMax || (this.sealing && this.written > 0)) {
      const next = openSegment(this.folder, this.segment + 1)
      fs.closeSync(this.descriptor)
      this.descriptor = next
      this.segment += 1
      this.written = 0
    }
    this.sealing = false
    return this.descriptor
  }

  private wakeReaders(): void {
    if (this.listeners.size === 0) return
    const listeners = [...this.listeners]
    this.listeners.clear()
    for (const listener of listeners) listener()
  }
}

const openSegment = (folder: string, segment: number): number => {
  const { O_CREAT, O_DSYNC, O_RDWR } = fs.constants
  const descriptor = fs.openSync(segmentFile(folder, segment), O_CREAT | O_RDWR | (syncsOnWrite ? O_DSYNC : 0), 0o600)
  syncFolder(folder)
  return descriptor
}

const refusal = (reason: "unavailable" | "overloaded", detail: string): PortFailure =>
  new PortFailure({ port: "EventLog", operation: "append", reason, detail })
