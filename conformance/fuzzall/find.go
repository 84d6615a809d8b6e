package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// testPackage is a package with fuzz targets.
type testPackage struct {
	ImportPath string
	Dir        string
	// The files of its tests that are built on this system.
	TestGoFiles, XTestGoFiles []string

	targets []string // names of functions
}

// findTargets returns the packages among the patterns that have fuzz targets.
func findTargets(ctx context.Context, patterns []string) ([]testPackage, error) {
	args := append([]string{"list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles", "--"}, patterns...)
	out, err := goCommand(ctx, args...)
	if err != nil {
		return nil, err
	}
	var found []testPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p testPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			targets, err := targetsIn(filepath.Join(p.Dir, name), nil)
			if err != nil {
				return nil, err
			}
			p.targets = append(p.targets, targets...)
		}
		if len(p.targets) > 0 {
			found = append(found, p)
		}
	}
}

// targetsIn returns the names of the fuzz targets of a file, whose content is src or,
// if that is nil, read: functions FuzzX(f *testing.F).
func targetsIn(file string, src any) ([]string, error) {
	tree, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") && takesF(f.Type) {
			names = append(names, f.Name.Name)
		}
	}
	return names, nil
}

// takesF reports whether the only parameter is a *testing.F.
func takesF(f *ast.FuncType) bool {
	if f.Params.NumFields() != 1 {
		return false
	}
	pointer, ok := f.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	typ, ok := pointer.X.(*ast.SelectorExpr)
	return ok && typ.Sel.Name == "F"
}

// goCommand runs the go tool and returns what it prints.
func goCommand(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, complaints.Bytes())
	}
	return out, nil
}
