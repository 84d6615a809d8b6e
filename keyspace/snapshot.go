package keyspace

import "respect/keyspace/hashtable"

// A snapshot is the state of all databases at one moment, taken while they go on
// changing. Nothing is copied: the tables are walked in steps, and a key that is about
// to change and was not reached yet is saved before it does.
//
// Whether a key was saved is told by one bit of its object, the epoch. When a snapshot
// begins, the keyspace changes to the other epoch; an object that still has the old one
// is part of the snapshot and not yet saved. Saving it gives it the new one, which new
// objects have from the start, so that they are no part of it. In the end all have it,
// and the next snapshot may begin.
//
//	             begin                     step, step, ...      end
//	epoch of     |  old old old old old    new old new          new new new new
//	objects      |                         saved    came later
//
// So whatever changes or removes a key, its value or its deadline calls preserve first.
// Values that change in place do so after Open. Without a snapshot that is a test of a
// pointer for nil.

// A Snapshot is one that is being taken.
type Snapshot struct {
	ks    *Keyspace
	save  SaveFunc
	parts []*part // in the order of the databases; the first is the one being walked
	total int
	saved int

	held   *Object // of which a part was saved, or nil
	finish func()
}

// SaveFunc receives a key of a snapshot: the number that its database had, and its
// deadline. It must not change the keyspace.
type SaveFunc func(db int, o *Object, expireAtMs int64)

// A part is what one database held when the snapshot began.
type part struct {
	snapshot *Snapshot
	id       int // of the database then
	keys     int
	expires  int
	table    *hashtable.Table[*Object]
	cursor   uint64
	begun    bool
	walked   bool      // to the end
	queue    []*Object // found on the walk; the epoch tells which of them are still to be saved
	room     []*Object // memory of queue
	fetched  uint64    // what fetch has returned, which has to go somewhere

	db        *DB         // the database that has the table now, or nil
	deadlines expiryIndex // of the keys, once no database has the table
}

// epochBit is where Object.meta has the epoch.
const epochBit = 1 << 3

// BeginSnapshot begins a snapshot of this moment. Only one can be under way.
func (ks *Keyspace) BeginSnapshot(save SaveFunc) *Snapshot {
	if old := ks.snapshot; old != nil { // given up, but not at its end
		old.Finish()
	}
	s := &Snapshot{ks: ks, save: save}
	for _, db := range ks.dbs {
		if db.Len() == 0 {
			continue
		}
		p := &part{snapshot: s, id: db.id, keys: db.Len(), expires: db.Expires(), table: db.table, db: db}
		db.part = p
		s.parts = append(s.parts, p)
		s.total += p.keys
	}
	ks.epoch ^= epochBit
	ks.snapshot = s
	return s
}

// Total returns how many keys the snapshot has.
func (s *Snapshot) Total() int { return s.total }

// Saved returns how many keys have been saved.
func (s *Snapshot) Saved() int { return s.saved }

// Step saves a few keys and tells whether more is to be done. Begin is
// called before the first step of each database.
func (s *Snapshot) Step(begin func(db, keys, expires int)) (more bool) {
	if len(s.parts) == 0 {
		s.end()
		return false
	}
	p := s.parts[0]
	if s.save == nil && p.db == nil { // there is nobody to look at the marks
		s.parts = s.parts[1:]
		return true
	}
	if !p.begun {
		p.begun = true
		begin(p.id, p.keys, p.expires)
	}
	if len(p.queue) == 0 {
		p.walk()
	}
	for len(p.queue) > 0 && s.held == nil {
		o := p.queue[0]
		p.queue = p.queue[1:]
		p.preserve(o)
	}
	if p.walked && len(p.queue) == 0 && s.held == nil {
		p.detach()
		s.parts = s.parts[1:]
	}
	return true
}

// walkedAtOnce is how many objects a walk finds, about.
const walkedAtOnce = 32

// walk finds the next objects.
func (p *part) walk() {
	queue := p.room[:0]
	for len(queue) < walkedAtOnce && !p.walked {
		p.cursor = p.table.Scan(p.cursor, func(o *Object) { queue = append(queue, o) })
		p.walked = p.cursor == 0
	}
	p.fetched += fetch(queue)
	p.queue, p.room = queue, queue
}

// Hold tells that a part of an object has been saved only. Before it changes finish is
// called, which has to save the rest and to call Release.
func (s *Snapshot) Hold(o *Object, finish func()) { s.held, s.finish = o, finish }

// Release tells that the object that is held has been saved.
func (s *Snapshot) Release() { s.held, s.finish = nil, nil }

// GiveUp ends the saving. The steps have to be made all the same, but only mark the keys;
// if they are not, the next snapshot makes them at once.
func (s *Snapshot) GiveUp() { s.save = nil }

// Finish makes all steps that are left of a snapshot that was given up.
func (s *Snapshot) Finish() {
	s.GiveUp()
	for s.Step(func(int, int, int) {}) {
	}
}

func (s *Snapshot) end() {
	if s.ks.snapshot == s {
		s.ks.snapshot = nil
	}
}

// detach parts from the database that has the table.
func (p *part) detach() {
	if p.db != nil {
		p.deadlines = p.db.expires
		p.db.part = nil
		p.db = nil
	}
}

// preserve saves an object if it is part of the snapshot and was not saved yet.
func (p *part) preserve(o *Object) {
	s := p.snapshot
	if o.meta&epochBit == s.ks.epoch {
		if o == s.held {
			s.finish()
		}
		return
	}
	o.meta ^= epochBit
	if s.save == nil {
		return
	}
	s.saved++
	if p.db != nil {
		s.save(p.id, o, p.db.expires.at(o))
	} else {
		s.save(p.id, o, p.deadlines.at(o))
	}
}

// preserve is to be called before a key of the database, its value or its deadline
// changes.
func (db *DB) preserve(o *Object) {
	if db.part != nil {
		db.part.preserve(o)
	}
}

// join gives an object that has come to a database the present epoch.
func (ks *Keyspace) join(o *Object) { o.meta = o.meta&^epochBit | ks.epoch }

// swapParts follows the exchange of two databases.
func swapParts(x, y *DB) {
	x.part, y.part = y.part, x.part
	for _, db := range []*DB{x, y} {
		if db.part != nil {
			db.part.db = db
		}
	}
}
